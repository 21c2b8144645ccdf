"""Within a time of your choice: the best that the recipes offer for your photos.

    python -m train auto DATA --out models/pets --minutes 20
    python -m train auto DATA --out models/pets --minutes 60 --resume     goes on from there

First a head on each ImageNet network whose weights are installed (`bottleneck`), a minute each;
then the best of these networks learns as a whole (`fine-tune`); last comes `robust`. Whether the
next one fits into the time that is left is judged by what ran before; what does not fit is left
out, and told. DATA/train alone decides: a tenth of its photos is held back from learning, and the
model with the lowest log loss on those is kept. DATA/validation is only reported on.

Ctrl-C keeps the best so far. What was tried stands in the model's card and, as a page, beside
its report.
"""

import argparse
import shutil
import sys
import time
from pathlib import Path

from common.errors import DataError
from train import arguments
from train.export.keep_best import PAGE, keep_best
from train.learning.candidates import candidates
from train.learning.search import Search
from train.learning.settings import CACHE, check_out
from train.photos.run_photos import RunPhotos

HELD = 0.1
"""Share of the training photos on which choices are made, as all recipes have it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "data",
        type=Path,
        nargs="?",
        default=arguments.data_path(),
        metavar="DATA",
        help="folder with train/<class>/ and validation/<class>/ (default: $DATA_PATH)",
    )
    arguments.model_to_write(parser)
    add(
        "--minutes",
        type=arguments.above_0,
        default=20.0,
        metavar="NUMBER",
        help="when to be done (default: 20)",
    )
    add("--resume", action="store_true", help="go on from an earlier search, with new minutes")
    arguments.cache(parser, CACHE)


def run(args: argparse.Namespace) -> int:
    if args.data is None:
        raise DataError("Which photos? Name their folder, or set DATA_PATH.")
    began = time.monotonic()
    folder = args.out.parent / f".{args.out.name}.auto"
    check_out(args.out, "1", overwrite=args.overwrite or args.resume)
    if args.resume and not folder.is_dir():
        raise DataError(f"There is no earlier search for {args.out} to go on from.")
    photos = RunPhotos.read(args.data, labels=args.labels, held_share=HELD)
    options = ["--data", str(args.data), "--seed", str(args.seed), "--held-share", str(HELD)]
    options += ["--no-photos"] * args.no_photos
    if args.labels:
        options += ["--labels", ",".join(args.labels)]
    if not args.resume:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    search = Search(
        folder=folder,
        model=args.out.name,
        options=tuple(options),
        cache=args.cache,
        train=photos.train,
        validation=photos.validation,
        seconds=args.minutes * 60 - (time.monotonic() - began),
    )
    print(
        f"{args.minutes:g} minutes for {len(photos.train)} photos of {', '.join(photos.labels)};"
        f" compared on {len(photos.validation)} others, held back from learning.",
        flush=True,
    )
    interrupted = False
    try:
        search.run(candidates(lambda: search.best.name if search.best else None))
    except KeyboardInterrupt:
        interrupted = True
        print("\nInterrupted; --resume goes on.", file=sys.stderr)
    if search.best is None:
        raise DataError(
            f"No model has come of it in {args.minutes:g} minutes. The same command with --resume"
            f" goes on; what each recipe printed is in {folder}."
        )
    card = keep_best(search, args.out)
    print(f"\nKept: {search.best.name}; {args.out / PAGE} has what was tried.")
    print(f"Measured on {args.data / 'validation'}:")
    print("\n".join(f"{metric.name:<24} {metric.value:.4f}" for metric in card.metrics))
    if interrupted or search.unfinished:
        print(f"\n--resume with more --minutes tries the rest; for that, {folder} stays.")
    else:
        shutil.rmtree(folder)
    print(
        f"\n{args.out} is ready: MODEL_DIR={args.out.parent} DEFAULT_MODEL={args.out.name}"
        " ./start_api.sh",
        file=sys.stderr,
    )
    return 0
