"""M1: people. Their answers are collected by reader studies, which are not available yet."""

from adversaria.metrics.facts import Array, Metric, NotApplicable


def human_observer(output: Array, readers: object) -> float:
    """Blinded reading by people: not available yet, it comes with reader studies.

    Share of right answers in a visual Turing test with its Wilson interval, agreement of readers (Cohen's or Fleiss'
    kappa), mean opinion scores and paired preferences. No number of people can be computed from images.
    """
    raise NotApplicable("it comes with reader studies, which are not available yet")


HUMAN = Metric(
    "M1",
    "human_observer",
    human_observer,
    "closer to 0.5",
    "",
    "0 to 1",
    ("output", "readers"),
    "definition",
    level="many",
)
