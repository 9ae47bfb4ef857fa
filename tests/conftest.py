"""Shared fixtures, and the last line of the suite: how many real-data tests ran."""

import os
from pathlib import Path

import pytest
import torch

from shell import SMALL, call

torch.set_num_threads(1)

ROOT = Path(__file__).parent.parent
COUNTS = {"ran": 0, "skipped": 0}


def real_folder() -> Path | None:
    """The folder of real data: ADVERSARIA_TEST_DATA, else a neighbour of the repository."""
    given = os.environ.get("ADVERSARIA_TEST_DATA")
    place = Path(given) if given else ROOT.parent / "shared" / "data"
    return place if place.is_dir() else None


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Every test draws the same, whatever ran before it."""
    torch.manual_seed(0)


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """A recipe that trains in a second."""
    place = tmp_path_factory.mktemp("recipe") / "small.yaml"
    place.write_text(SMALL)
    return place


@pytest.fixture(scope="module")
def run(small, tmp_path_factory) -> Path:
    """A run of the small recipe."""
    folder = tmp_path_factory.mktemp("runs") / "small"
    assert call("train", small, "--out", folder, "--quiet") == 0
    return folder


@pytest.fixture
def real():
    """Give a real data set by name; skip, and count it, where there is none."""

    def give(name: str) -> Path:
        folder = real_folder()
        if folder is None or not (folder / name).exists():
            COUNTS["skipped"] += 1
            pytest.skip(f"no real data {name}")
        return folder / name

    COUNTS["ran"] += 1
    before = COUNTS["skipped"]
    yield give
    COUNTS["ran"] -= COUNTS["skipped"] - before


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Say how many real-data tests ran and how many were skipped."""
    if not hasattr(config, "workerinput"):
        print(f"real-data tests: {COUNTS['ran']} ran, {COUNTS['skipped']} skipped")
