"""The bulk job: Ray Data streams shards of inputs through workers, and their rows into a folder."""

import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import ray.data
from tqdm import tqdm

from cluster.bulk.plan import Plan
from cluster.bulk.shards import Manifest
from cluster.bulk.worker import Worker
from cluster.connection import cpus, free_cpus

WAVE = 2000
"""How many shards Ray is given at a time; it holds their paths in memory."""


@dataclass(frozen=True)
class Summary:
    """What a job has done so far."""

    rows: int
    """Inputs that have a row."""
    errors: int
    """Rows of this run that have an error."""


def classify(
    plan: Plan, *, workers: int | None = None, interrupted: threading.Event | None = None
) -> Summary:
    """Classify on the connected cluster every input of a plan that is not done yet.

    Args:
        plan: from `cluster.bulk.plan`.
        workers: how many at most; one for each CPU if left out.
        interrupted: ends the job after the part that is being written.

    Raises:
        KeyboardInterrupt: it was interrupted.
        ClusterError: the output folder cannot be read.
    """
    done = plan.output.done()
    todo = [number for number in range(plan.manifest.shards) if number not in done]
    rows, errors = _rows(plan.manifest, done), 0
    with tqdm(total=plan.manifest.rows, initial=rows, unit=" photos", smoothing=0.1) as progress:
        for shard, count, wrong, part in _classified(plan, todo, workers):
            plan.output.write(shard, part)
            if interrupted and interrupted.is_set():
                raise KeyboardInterrupt
            rows += count
            errors += wrong
            progress.set_postfix(errors=errors, refresh=False)
            progress.update(count)
    return Summary(rows, errors)


def _classified(
    plan: Plan, todo: Sequence[int], workers: int | None
) -> Iterator[tuple[int, int, int, bytes]]:
    """(shard, rows, errors, part) for each shard, in the order in which they are finished."""
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    if todo and not free_cpus():
        print("No CPU of the cluster is free yet: waiting for one.", file=sys.stderr)
    shards = plan.output.shards(todo)
    while wave := [{"shard": n, "paths": paths} for n, paths in islice(shards, WAVE)]:
        most = min(workers or cpus(), len(wave))
        least = max(1, min(most, free_cpus()))
        dataset = ray.data.from_items(wave, override_num_blocks=len(wave)).map(
            Worker,
            fn_constructor_args=(plan.model, plan.settings),
            compute=ray.data.ActorPoolStrategy(min_size=least, max_size=most),
            num_cpus=1,
        )
        for row in dataset.iter_rows():
            yield row["shard"], row["rows"], row["errors"], row["part"]


def _rows(manifest: Manifest, done: set[int]) -> int:
    """How many inputs are in these shards."""
    last = manifest.shards - 1
    short = manifest.shards * manifest.shard_rows - manifest.rows
    return len(done) * manifest.shard_rows - (short if last in done else 0)
