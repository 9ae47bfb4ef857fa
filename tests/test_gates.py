"""Rules of the house that hold for every file."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from adversaria.cli import COMMANDS, DATA_COMMANDS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "adversaria"
FILES = sorted([*PACKAGE.rglob("*.py"), *(ROOT / "tests").glob("*.py"), *(ROOT / "benchmarks").glob("*.py")])
HEAVY = ("torch", "monai", "numpy", "scipy", "matplotlib", "nibabel", "pydicom", "skimage", "sklearn")


def test_files_are_short():
    long = {str(p.relative_to(ROOT)): n for p in FILES if (n := len(p.read_text().splitlines())) > 400}
    assert not long


DRAWS = r"torch\.(rand|normal|bernoulli|multinomial)|np\.random\.(rand|seed|normal|uniform|shuffle)|^import random"
UNSAFE = (
    r"pickle\.loads?\(|torch\.load\(|allow_pickle=True|(?<![\w.])(eval|exec)\("
    r"|yaml\.(load|unsafe)|os\.system|shell=True"
)


@pytest.mark.parametrize("room", ["games", "losses", "data", "metrics", "physics", "networks"])
def test_rooms_draw_nothing_unkeyed(room):
    found = {p.name for p in (PACKAGE / room).rglob("*.py") if re.search(DRAWS, p.read_text(), re.MULTILINE)}
    assert not found


def test_nothing_is_unpickled_or_evaluated():
    found = {p.name for p in PACKAGE.rglob("*.py") if re.search(UNSAFE, p.read_text())}
    assert found <= {"weights.py"}, found
    assert "weights_only=True" in (PACKAGE / "metrics" / "weights.py").read_text()


CODE = """
import json, sys
from adversaria.cli import main
code = 0
try:
    main({words!r})
except SystemExit as leaving:
    code = leaving.code
print("HEAVY", json.dumps([name for name in {heavy!r} if name in sys.modules]), code)
"""


def run(*words):
    code = CODE.format(words=list(words), heavy=HEAVY)
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "HEAVY" in made.stdout, made.stderr
    text, _, last = made.stdout.rpartition("HEAVY ")
    loaded, _, left = last.strip().rpartition(" ")
    return text, json.loads(loaded), left


LIGHT = [
    ["--help"], ["--version"], ["list", "works"],
    ["list", "works", "--json"], ["list", "games"], ["list", "metrics"],
    ["list", "losses", "--json"],
    ["list", "datasets"], ["show", "yang-2017b"], ["show", "Pix2Pix"], ["show", "ssim"], ["cite", "yang-2017b"],
    ["data", "--help"], *[[name, "--help"] for name in COMMANDS], *[["data", name, "--help"] for name in DATA_COMMANDS],
]  # fmt: skip


@pytest.mark.parametrize("words", LIGHT, ids=" ".join)
def test_looking_around_imports_nothing_heavy(words):
    text, loaded, code = run(*words)
    assert loaded == [] and code in ("0", "None") and text.strip()
