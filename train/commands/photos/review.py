"""Find photos with a wrong label: ranked, and looked through by keyboard.

    python -m train review models/fruit DATA              opens a page on 127.0.0.1
    python -m train review models/fruit DATA --list 40    the most suspicious, without a page
    python -m train review models/fruit DATA --apply      carry the decisions out

Photos of training and validation are ranked by the loss of a model that has not seen them, on the
pooled features of MODEL (a recipe's, with its model.keras). k keeps, 1 to 9 relabel, s sets aside,
d deletes, u takes the last decision back. Every decision is a line of DATA/review.jsonl at once;
the photos stay where they are until --apply.
"""

import argparse
import sys
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from common.errors import DataError
from common.file_names import printable
from common.images import decode
from train import arguments
from train.export.load_keras import load_keras
from train.export.model_folder import KERAS
from train.learning.features import Features
from train.networks import parts
from train.photos.dataset import Photos, concat, scan
from train.photos.duplicates import SIDE, pairs, signature
from train.review.server import server
from train.review.suspects import Decisions, Suspect, apply, out_of_fold, rank

DECISIONS = "review.jsonl"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", type=Path, help="a model folder whose features are used, for example models/fruit")
    where = arguments.data_path()
    add("data", type=Path, nargs="?", default=where, metavar="DATA", help="(default: $DATA_PATH)")
    add("--list", type=arguments.positive, metavar="N", help="print the first N, and end")
    add(
        "--apply", action="store_true", help="carry out the decisions of DATA/review.jsonl, and end"
    )
    add("--port", type=int, default=0, help="of the page (default: a free one)")
    add("--cache", type=Path, default=arguments.CACHE, metavar="DIR", help="of the features")


def run(args: argparse.Namespace) -> int:
    if args.data is None:
        raise DataError("Which folder? Name one, or set DATA_PATH.")
    if not args.data.is_dir():
        raise DataError(f"There is no folder {printable(args.data)}.")
    decisions = Decisions(args.data / DECISIONS)
    if args.apply:
        done = apply(args.data, decisions)
        print("\n".join([*map(printable, done), f"{len(done)} photos moved or deleted."]))
        return 0
    suspects, classes = find(args.model, args.data, args.cache)
    if args.list:
        for one in suspects[: args.list]:
            twin = f"  = {printable(one.twin)}" if one.twin else ""
            print(f"{one.loss:7.3f}  {printable(one.photo)}  looks like {one.looks_like}{twin}")
        return 0
    with server(args.data, suspects, classes, decisions, args.port) as page:
        print(f"http://127.0.0.1:{page.server_port}/ (Ctrl-C ends)", file=sys.stderr, flush=True)
        try:
            page.serve_forever()
        except KeyboardInterrupt:
            print(f"{len(decisions.current())} decisions are in {decisions.file}", file=sys.stderr)
    return 0


def find(model: Path, data: Path, cache: Path) -> tuple[list[Suspect], tuple[str, ...]]:
    """Rank the photos of DATA/train and DATA/validation; also the classes."""
    card, network = load_keras(model)
    if parts.POOL not in {layer.name for layer in network.layers}:
        raise DataError(
            f"{model} has no pooled features; take a model of another recipe than tiny."
        )
    scanned = {
        part: scan(data / part) for part in ("train", "validation") if (data / part).is_dir()
    }
    if not scanned:
        raise DataError(f"{data} has neither train/ nor validation/; `prepare` makes them.")
    photos = concat(list(scanned.values()))
    pooled = keras.Model(network.input, network.get_layer(parts.POOL).output)
    size = (card.input.height, card.input.width)
    features = Features(pooled, size, f"review {card.files[KERAS].sha256}", cache)(photos)
    probabilities = out_of_fold(features, photos.truth)
    return rank(
        [path.relative_to(data).as_posix() for path in photos.paths],
        [part for part, own in scanned.items() for _ in range(len(own))],
        photos.classes, photos.truth, probabilities, pairs(_signatures(photos)),
    ), photos.classes  # fmt: skip


def _signatures(photos: Photos) -> np.ndarray:
    reading = tqdm(photos.paths, "Comparing", unit="photo", leave=False)
    return np.array([signature(decode(path.read_bytes(), (SIDE, SIDE))) for path in reading])
