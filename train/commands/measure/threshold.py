"""Show what each line of *neither* keeps and lets pass, and set it, without training again.

    python -m train threshold models/pets DATA/validation --others THINGS
    python -m train threshold models/pets DATA/validation --others THINGS --keep 0.99

THINGS is any folder of photos that show none of the labels. A photo is *neither* where its
familiarity lies below the line. With --keep the line is set, for each file of the model, so that
this share of the labels' photos is kept; a running service takes it on reload.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.errors import DataError
from common.model.card import FILES, ModelCard, Precision, read_card, write_card
from common.model.classifier import Classifier
from train import arguments
from train.measure.evaluation import answers, check_classes, unlabelled
from train.photos.dataset import Photos, scan

SHARES = (0.9, 0.95, 0.98, 0.99, 0.995, 1.0)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", type=Path, help="a model folder, for example models/cat_dog")
    add("photos", type=Path, help="class folders; photos that training did not learn from")
    add("--others", type=Path, required=True, metavar="FOLDER", help="photos of other things")
    add("--keep", type=arguments.share, metavar="SHARE", help="set the line that keeps this share")


def run(args: argparse.Namespace) -> int:
    card = read_card(args.model)
    if card.outputs.familiarity is None:
        raise DataError(f"{args.model} does not measure familiarity: it never says neither.")
    check_classes(card, args.photos)
    others, photos = unlabelled(args.others), scan(args.photos)
    precisions: list[Precision] = ["float32", "int8"] if card.int8 else ["float32"]
    for precision in precisions:
        classifier = Classifier.load(args.model, precision=precision)
        own, strange = familiarity(classifier, photos), familiarity(classifier, others)
        now = classifier.card.neither_threshold or 0.0
        print(f"{FILES[precision]}\n{curve(own, strange, now)}\n")
        if args.keep:
            card = with_threshold(card, precision, line(own, args.keep))
    if args.keep:
        write_card(card, args.model)
        print(f"{args.model}: the line is set to keep {args.keep:.1%}.", file=sys.stderr)
    return 0


def familiarity(classifier: Classifier, photos: Photos) -> NDArray[np.float64]:
    """The familiarity (photos,) of photos, 0..1."""
    _, found = answers(classifier, photos)
    if found is None:
        raise DataError("This file does not measure familiarity.")
    return found.astype(np.float64)


def line(own: NDArray[np.float64], keep: float) -> float:
    """The largest line, 0..1, that keeps at least a share of the labels' photos.

    Args:
        own: (photos,) their familiarity.
        keep: 0..1.
    """
    return float(np.quantile(own, 1 - keep, method="lower"))


def curve(own: NDArray[np.float64], strange: NDArray[np.float64], now: float) -> str:
    """A table: the line, what it keeps of the labels' photos, what passes of the others."""
    lines = sorted({line(own, share) for share in SHARES} | {now})
    rows = [f"{'line':>8}  {'kept':>7}  {'others that pass':>16}"]
    rows += [
        f"{value:8.4f}  {(own >= value).mean():7.2%}  {(strange >= value).mean():16.2%}"
        + ("  as served now" if value == now else "")
        for value in lines
    ]
    return "\n".join(rows)


def with_threshold(card: ModelCard, precision: Precision, value: float) -> ModelCard:
    """The card with another line of *neither* for one of its files."""
    update = {"neither_threshold": value}
    if precision == "int8" and card.int8:
        return card.with_int8(card.int8.model_copy(update=update))
    return card.model_copy(update=update)
