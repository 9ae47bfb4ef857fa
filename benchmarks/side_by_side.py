"""Rows of a benchmark, two side by side: each in a process at one thread, kept as soon as it is there."""

import os
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any

import torch


def _alone() -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")


def side_by_side(
    run: Callable[..., Any], wanted: Iterable[tuple[Any, ...]], keep: Callable[[Any], None], processes: int = 2
) -> None:
    """Call `run(*arguments)` for every tuple of `wanted` in fresh processes, and `keep` with what each gives.

    Budgets are CPU seconds of a process, so rows do not take time from each other. The order in which rows are kept is
    that in which they end.
    """
    os.environ["OMP_NUM_THREADS"] = "1"
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _alone, max_tasks_per_child=1)
    with pool:
        for done in as_completed([pool.submit(run, *arguments) for arguments in wanted]):
            keep(done.result())
