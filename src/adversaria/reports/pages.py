"""The templates of the pages; they share one frame, `frame.html.j2`, and one style sheet, `style.css`."""

from collections.abc import Callable
from typing import Any


def template(name: str, **filters: Callable[..., str]) -> Any:
    """A template whose values are escaped and whose unknown names are errors."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("adversaria.reports", ".")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    environment.filters |= filters
    return environment.get_template(name)
