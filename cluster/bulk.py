"""The bulk job: Ray Data streams shards through workers, and their parts into a folder."""

import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import ray.data
from tqdm import tqdm

from api.settings import Settings
from cluster.connection import cpus, free_cpus
from cluster.listing import inputs
from cluster.output import Manifest, ModelStamp, Output
from cluster.worker import Worker
from common.card import FILES
from common.classifier import Classifier

WAVE = 2000
"""Shards that Ray is told of at a time; their paths are in its memory."""


@dataclass(frozen=True)
class Summary:
    """What a job has done by now."""

    rows: int
    """Inputs that have a row."""
    errors: int
    """Rows of this run that have an error."""


def classify(
    source: str,
    output: Output,
    settings: Settings,
    *,
    shard_rows: int,
    workers: int | None = None,
    interrupted: threading.Event | None = None,
) -> Summary:
    """Classify every picture of `source` on the connected cluster, but what is done already.

    Args:
        source: see `cluster.listing.inputs`.
        output: where the parts go.
        shard_rows: pictures of a part.
        workers: how many at most; one for each CPU if left out.
        interrupted: ends the job after the part that is being written.

    Raises:
        KeyboardInterrupt: it was interrupted.
        ClusterError, ModelError: see `cluster.listing` and `cluster.output`.
    """
    name = settings.default_model
    model = Classifier.load(settings.model_dir / name, precision=settings.precision)
    # All workers run the same file, whatever their CPUs are quickest with.
    settings = settings.model_copy(update={"precision": model.precision})
    sha256 = model.card.files[FILES[model.precision]].sha256
    stamp = ModelStamp(model.card.name, model.card.version, sha256)
    manifest = output.plan(inputs(source), shard_rows, stamp)
    done = output.done()
    todo = [number for number in range(manifest.shards) if number not in done]
    rows, errors = _rows(manifest, done), 0
    with tqdm(total=manifest.rows, initial=rows, unit=" photos", smoothing=0.1) as progress:
        for shard, count, wrong, part in _classified(output, todo, name, settings, workers):
            output.write(shard, part)
            if interrupted and interrupted.is_set():
                raise KeyboardInterrupt
            rows += count
            errors += wrong
            progress.set_postfix(errors=errors, refresh=False)
            progress.update(count)
    return Summary(rows, errors)


def _classified(
    output: Output, todo: Sequence[int], model: str, settings: Settings, workers: int | None
) -> Iterator[tuple[int, int, int, bytes]]:
    """(shard, rows, errors, part) for each shard, in the order in which they are finished."""
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    if todo and not free_cpus():
        print("No CPU of the cluster is free yet: waiting for one.", file=sys.stderr)
    shards = output.shards(todo)
    while wave := [{"shard": n, "paths": paths} for n, paths in islice(shards, WAVE)]:
        most = min(workers or cpus(), len(wave))
        least = max(1, min(most, free_cpus()))
        dataset = ray.data.from_items(wave, override_num_blocks=len(wave)).map(
            Worker,
            fn_constructor_args=(model, settings),
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
