"""Inverted translations: found where they are, not where contrasts differ by nature."""

import numpy as np
import pytest

from adversaria.data.phantoms import Brain
from adversaria.tasks.inversion import Agreement, agreement, body, told


@pytest.fixture(scope="module")
def head():
    made = Brain(size=64, prevalence=0.0).case(3)
    return {word: made[word].astype(np.float32) for word in ("t1", "t2", "pd", "ct", "mask")}


def test_the_body_is_the_head(head):
    found, truth = body(head["t1"][0]), head["mask"][0] > 0
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.95


def test_an_inverse_is_found_and_a_copy_is_not(head):
    inside = head["mask"] > 0
    inverse = np.where(inside, head["t1"].max() - head["t1"], 0).astype(np.float32)
    assert agreement(inverse, head["t1"], 0.5 * head["t1"] + 3).inverted
    assert not agreement(head["t1"], head["t1"], head["t1"]).inverted
    assert agreement(inverse, head["t1"]).inverted and not agreement(head["t1"], head["t1"]).inverted


def test_contrasts_that_run_against_each_other_by_nature_are_no_failure(head):
    # inside the brain T2 runs against T1: a right translation correlates as its target does
    found = agreement(head["t2"], head["t1"], head["t2"])
    assert found.made == pytest.approx(found.wanted) and not found.inverted


def test_constant_images_and_other_sizes_say_nothing(head):
    assert agreement(np.zeros_like(head["t1"]), head["t1"]) is None
    assert agreement(head["t1"][:, ::2], head["t1"]) is None
    colours = np.repeat(head["t1"], 3, 0)
    assert agreement(colours, head["t1"], head["pd"]).made == pytest.approx(1.0)


def test_what_is_told_counts_most_of_the_cases():
    right, wrong = Agreement(0.8, 0.7), Agreement(-0.8, 0.7)
    assert told([right, right, wrong]) == "" and told([]) == "" and told([None]) == ""
    assert told([wrong, wrong, right]).startswith("2 of 3 translations are inverted")
    assert "-0.80" in told([wrong]) and "+0.70" in told([wrong])
    assert "nearly the negative" in told([Agreement(-0.9)]) and told([Agreement(-0.5)]) == ""
