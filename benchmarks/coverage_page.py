"""docs/statistics.md from coverage.json."""

from collections.abc import Mapping
from typing import Any

from benchmarks.result import markdown

HEAD = """# How far the statistics can be trusted

Written by `python -m benchmarks.coverage`; the numbers lie in `benchmarks/coverage.json`. A study here is what
`evaluate` and `compare` see: one value a subject. {studies:,} studies were drawn of each kind.

## Intervals

How often the 95 % interval of the mean holds the true mean. The simulation's own error is about 0.2 points for
normal values and 0.4 for log-normal ones.

"""
AFTER_INTERVALS = """
- For normal values the t interval, which every table shows, covers what it says: {normal} %.
- For log-normal values (skewness 6) it covers {skewed} % only: few
  subjects seldom show the long tail. The bootstrap-t interval, `adversaria.metrics.statistics.bootstrap_t`, does
  better at every size and is wider for it. Neither reaches 95 %; for such values compare methods by their paired
  differences, which are symmetric where methods are equal, and by a test that assumes no distribution.
- The percentile bootstrap is refused under 30 subjects, and at 30 still covers too little. Under six subjects there
  is no interval.

## Tests

How often a test finds a difference at p <= 0.05 where there is none. Asked for was 5 +- 0.7 %.

"""
AFTER_TESTS = """
*Attainable*: an exact test of n subjects has a discrete p-value, a multiple of 2 / 2^n. The largest level not above
5 % that it can have is 1/32 = 3.1 % at n = 6 and 25/512 = 4.9 % at n = 10. So at six subjects the test cannot come
to 5 %: it errs less than asked, and finds less. That is the price of an exact test; the t test beside it keeps 5 %,
but needs normal differences. From ten subjects on the sign-flip test, which alone decides in `compare`, lies within
5 +- 0.7 %.

`compare` tests many things at once. With three equal methods, two measures and {holm_n} subjects ({comparisons}
comparisons, corrected by Holm) a page held any false mark in {marked} % of {holm_studies:,} pages; at most 5 % was
to be.

## Numbers of whole sets

FID, KID and their like have no value a subject. `compare` keeps what the feature network saw in each image, and
asks how often the difference of the two numbers would be as large if the methods changed places, subject by subject
(`swap_test`); samples of generators, which belong to nobody, are dealt anew to the two sets (`pool_test`). How
often that finds a difference in the Frechet distance where there is none:

"""
AFTER_SETS = """
What these tests say, and what not:

- They are of their level for any number, however biased in few images, since the bias is the same on both sides of
  the swap.
- What is rejected is that the two methods' images are exchangeable, as far as this number sees; two methods that
  differ otherwise but have the same FID in truth may be rejected more often than 5 %.
- The references are taken as given. Nothing is said of other references, other networks or another training of the
  same method.
- Numbers of sets are a family of their own: Holm's correction runs over all pairs of methods and all such measures,
  apart from the measures of cases. The chance of any false mark is at most 5 % in each family.
- Where nothing could reach 5 % after correction (few subjects, many comparisons) the page says so.
- There is no interval of the difference: a jackknife needs a smooth number, which shares of neighbours are not, and
  the bootstrap repeats images, which itself moves FID.
"""


def page(found: Mapping[str, Any]) -> str:
    """The page."""
    rows = {(r["population"], r["interval"], r["subjects"]): r for r in found["intervals"]}
    sizes = sorted({n for *_, n in rows})
    cover = {key: f"{100 * row['coverage']:.1f}" for key, row in rows.items()}
    names = [(p, i) for p in ("normal", "log-normal") for i in ("t", "bootstrap-t", "percentile")]
    table = [[p, i, *[cover.get((p, i, n), "refused") for n in sizes]] for p, i in names]
    text = HEAD.format(studies=found["studies"])
    text += markdown(["values", "interval", *[f"n = {n}, %" for n in sizes]], table) + "\n"
    t = {p: [float(cover[p, "t", n]) for n in sizes] for p in ("normal", "log-normal")}
    ends = {p: f"{min(v)} to {max(v)}" for p, v in t.items()}
    text += AFTER_INTERVALS.format(normal=ends["normal"], skewed=ends["log-normal"])
    tests = {(r["test"], r["subjects"]): 100 * r["type_one_error"] for r in found["tests"]}
    table = [[name, *[f"{tests[name, n]:.1f}" for n in sizes]] for name in dict.fromkeys(name for name, _ in tests)]
    table.append(["*attainable by an exact test*", *[f"{100 * _attainable(n):.1f}" for n in sizes]])
    text += markdown(["test", *[f"n = {n}, %" for n in sizes]], table) + "\n"
    holm = found["holm"]
    text += AFTER_TESTS.format(
        holm_n=holm["subjects"],
        comparisons=holm["comparisons"],
        marked=f"{100 * holm['pages_marked']:.1f}",
        holm_studies=holm["studies"],
    )
    said = {"swap": "swapped by subject", "deal": "dealt anew"}
    table = [[said[r["test"]], r["images"], f"{100 * r['type_one_error']:.1f}", r["studies"]] for r in found["sets"]]
    return (
        text + markdown(["images of the two methods", "images a set", "found, %", "studies"], table) + "\n" + AFTER_SETS
    )


def _attainable(n: int) -> float:
    """The largest level not above 5 % of an exact two-sided sign-flip test."""
    steps: int = 2 ** (n - 1)
    return (steps // 20) / steps
