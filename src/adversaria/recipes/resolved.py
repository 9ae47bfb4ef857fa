"""`python -m adversaria.recipes.resolved` writes every shipped recipe out again."""

from adversaria.recipes.read import read_recipe
from adversaria.recipes.recipe import shipped
from adversaria.recipes.resolve import FOLDER


def main() -> None:
    """Write `resolved/`."""
    FOLDER.mkdir(exist_ok=True)
    for name in shipped():
        (FOLDER / f"{name}.yaml").write_text(read_recipe(name, reduced=False).resolved(), encoding="utf-8")


if __name__ == "__main__":
    main()
