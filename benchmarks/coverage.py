"""How often intervals hold the truth, and how often paired tests cry wolf, over 10,000 simulated studies.

`python -m benchmarks.coverage` writes coverage.json beside this file and docs/statistics.md; `--page` the page alone.
"""

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from adversaria.metrics.sets.frechet import frechet_distance
from adversaria.metrics.statistics import holm, permutation_test, pool_test, swap_test, wilcoxon_test
from adversaria.metrics.statistics.intervals import bootstrap_t_limits, percentile_bootstrap, summarise
from benchmarks.coverage_page import page

STUDIES = 10_000
SIZES = (6, 10, 30)
RESAMPLES = 1999
PLACE = Path(__file__).with_name("coverage.json")
PAGE = PLACE.parents[1] / "docs" / "statistics.md"
Array = NDArray[np.float64]
POPULATIONS: dict[str, tuple[float, Callable[[np.random.Generator, tuple[int, int]], Array]]] = {
    "normal": (0.0, lambda random, shape: random.normal(0, 1, shape)),
    "log-normal": (math.exp(0.5), lambda random, shape: random.lognormal(0, 1, shape)),
}


def student(studies: Array) -> tuple[Array, Array]:
    """Limits of the t interval, as the product gives them."""
    found = [summarise(row) for row in studies]  # type: ignore[arg-type]
    return np.array([f.low for f in found], float), np.array([f.high for f in found], float)


def bootstrap(studies: Array) -> tuple[Array, Array]:
    """Limits of the bootstrap-t interval."""
    parts = [bootstrap_t_limits(part, 0.95, RESAMPLES, 0) for part in np.array_split(studies, 50)]
    return np.concatenate([low for low, _ in parts]), np.concatenate([high for _, high in parts])


def percentile(studies: Array) -> tuple[Array, Array]:
    """Limits of the percentile bootstrap, from 30 subjects on."""
    found = [percentile_bootstrap(row, resamples=RESAMPLES) for row in studies]  # type: ignore[arg-type]
    return np.array([f.low for f in found], float), np.array([f.high for f in found], float)


def intervals() -> list[dict[str, Any]]:
    """Coverage of each interval, population and number of subjects, with its simulation error."""
    rows = []
    for population, (truth, draw) in POPULATIONS.items():
        for n in SIZES:
            studies = draw(np.random.default_rng(n), (STUDIES, n))
            for name, rule in {"t": student, "bootstrap-t": bootstrap, "percentile": percentile}.items():
                if name == "percentile" and n < 30:
                    continue
                low, high = rule(studies)
                share = float(np.mean((low <= truth) & (truth <= high)))
                rows.append(
                    {
                        "interval": name,
                        "population": population,
                        "subjects": n,
                        "coverage": share,
                        "error": round(math.sqrt(share * (1 - share) / STUDIES), 5),
                        "median_width": float(np.median(high - low)),
                    }
                )
    return rows


def wolf() -> list[dict[str, Any]]:
    """Share of studies without any difference in which a test finds one at 5 %."""
    rows = []
    for n in SIZES:
        # two methods whose values differ by symmetric noise, subjects of their own level
        studies = np.random.default_rng(100 + n).normal(0, 1, (STUDIES, n))
        studies -= np.random.default_rng(200 + n).normal(0, 1, (STUDIES, n))
        share = {
            "sign-flip": np.mean([permutation_test(row).p <= 0.05 for row in studies]) if n <= 16 else flips(studies),
            "wilcoxon": np.mean([wilcoxon_test(row).p <= 0.05 for row in studies]),
            "t (for comparison)": np.mean(stats.ttest_1samp(studies, 0, axis=1).pvalue <= 0.05),
        }
        smallest = {"smallest_p": 2.0 ** (1 - n)}
        rows += [{"test": name, "subjects": n, "type_one_error": float(v), **smallest} for name, v in share.items()]
    return rows


def flips(studies: Array) -> float:
    """The random sign flips of the product with 1,999 of them instead of 99,999, the same for all studies."""
    signs = np.random.default_rng(0).integers(0, 2, (RESAMPLES, studies.shape[1])) * 2.0 - 1.0
    found = [(1 + np.sum(np.abs(signs @ row) >= abs(row.sum()))) / (1 + RESAMPLES) <= 0.05 for row in studies]
    return float(np.mean(found))


def family(n: int = 10, methods: int = 3, measures: int = 2, studies: int = STUDIES) -> dict[str, Any]:
    """Share of pages with any false mark: all pairs and measures of `methods` equal methods, after Holm."""
    random = np.random.default_rng(0)
    pages = 0
    for _ in range(studies):
        values = random.normal(0, 1, (measures, methods, n)) + random.normal(0, 2, (1, 1, n))
        pairs = [(a, b) for a in range(methods) for b in range(a)]
        p = [permutation_test(values[m, a] - values[m, b]).p for m in range(measures) for a, b in pairs]
        pages += min(holm(p)) <= 0.05
    return {
        "subjects": n,
        "comparisons": measures * methods * (methods - 1) // 2,
        "pages_marked": pages / studies,
        "studies": studies,
    }


def exchange(studies: int = 2000, draws: int = 199) -> list[dict[str, Any]]:
    """Share of studies in which the tests of sets find a difference in the Frechet distance where there is none.

    Features of 4 dimensions, skewed; paired methods share what is the subject's own; the references are others.
    """
    rows = []
    for name, n in (("swap", 6), ("swap", 10), ("swap", 30), ("deal", 30)):
        random, found = np.random.default_rng(300 + n), 0
        for _ in range(studies):
            references = random.normal(0, 1, (30, 4))

            def value(words: Any, references: Array = references) -> float:
                return frechet_distance(words["x"], references)

            own = random.normal(0, 1, (n, 4)) * (name == "swap")
            one, two = ({"x": own + random.lognormal(0, 1, (n, 4))} for _ in range(2))
            labels = [str(k) for k in range(n)]
            test = swap_test(value, one, two, labels, draws) if name == "swap" else pool_test(value, one, two, draws)
            found += test.p <= 0.05
        rows.append({"test": name, "images": n, "type_one_error": found / studies, "studies": studies})
    return rows


def main() -> None:
    """Simulate, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", action="store_true", help="only write the page from what is kept")
    if parser.parse_args().page:
        PAGE.write_text(page(json.loads(PLACE.read_text(encoding="utf-8"))), encoding="utf-8")
        return
    found = {
        "studies": STUDIES,
        "level": 0.95,
        "intervals": intervals(),
        "tests": wolf(),
        "holm": family(),
        "sets": exchange(),
        "versions": {"numpy": np.__version__},
    }
    PLACE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(found), encoding="utf-8")
    for row in [*found["intervals"], *found["tests"], found["holm"], *found["sets"]]:  # type: ignore[misc]
        print(row)


if __name__ == "__main__":
    main()
