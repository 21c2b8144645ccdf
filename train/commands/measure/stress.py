"""Measure a model on photos as people's arrive: turned, in a screenshot, small, two in a picture.

    python -m train stress models/cat_dog DATA/validation
    python -m train stress models/cat_dog DATA/validation --others TOASTERS --others HORSES:0.8

For each way to disturb a photo: the share whose label is right, and the share taken for neither.
For two photos in one picture: the share called several. For photos of other things (`--others`):
the share that is given a label. Everything as the service answers, from the file's bytes on.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from common.model.card import FILES, read_card
from common.model.classifier import Classifier
from common.model.prediction import NEITHER, SEVERAL, Prediction
from train import arguments
from train.measure.answers import classified, opened
from train.measure.evaluation import check_classes, label_indices
from train.measure.stress import ONE, TWO
from train.photos.dataset import Photos, scan
from train.photos.others import read_others, split_by_kind


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", type=Path, help="a model folder, for example models/cat_dog")
    add("photos", type=Path, help="a folder of class folders")
    arguments.others(
        parser, "to measure *neither* on; with a share, the rest of what `robust` learned from"
    )
    add(
        "--limit",
        type=arguments.positive,
        default=400,
        metavar="NUMBER",
        help="photos to disturb, spread evenly (default: 400)",
    )
    add("--precision", choices=FILES, default="float32", help="which file (default: float32)")
    add("--json", action="store_true", help="print the figures as JSON")


def run(args: argparse.Namespace) -> int:
    check_classes(read_card(args.model), args.photos)
    strange = [read_others([(folder, 1.0)]) for folder, _ in args.others]
    classifier = Classifier.load(args.model, precision=args.precision)
    photos = scan(args.photos)
    truth = np.array(classifier.card.labels)[label_indices(classifier.card, photos)]
    some = photos.select(spread(len(photos), args.limit))
    figures = singles(classifier, some, truth[spread(len(photos), args.limit)])
    figures |= pairs(classifier, photos, truth, args.limit)
    for (folder, part), found in zip(args.others, strange, strict=True):
        if found and part < 1:
            found = split_by_kind(found, part)[0]
        if found:
            name = f"others: {folder.name}"
            figures[name] = others(classifier, found, folder.name)
    if args.json:
        print(json.dumps(figures, indent=2))
        return 0
    width = max(map(len, figures))
    for name, found in figures.items():
        values = ", ".join(f"{what} {value:.4g}" for what, value in found.items())
        print(f"{name:<{width}}  {values}")
    return 0


def spread(count: int, most: int) -> np.ndarray:
    """Indices below `count`, at most so many, spread evenly."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))


def singles(
    classifier: Classifier, photos: Photos, truth: np.ndarray
) -> dict[str, dict[str, float]]:
    """How often the right label comes first, by disturbance."""
    figures = {}
    for name, disturb in ONE.items():
        found = classified(
            classifier,
            lambda i, disturb=disturb: disturb(opened(photos.paths[i]), i),
            len(photos),
            name,
        )
        right = [next(iter(p.scores)) == label for p, label in zip(found, truth, strict=True)]
        figures[name] = {
            "right": float(np.mean(right)),
            "neither": share(found, NEITHER),
            "several": share(found, SEVERAL),
            "photos": len(found),
        }
    return figures


def pairs(
    classifier: Classifier, photos: Photos, truth: np.ndarray, most: int
) -> dict[str, dict[str, float]]:
    """How often two photos in one picture are called several, by arrangement."""
    figures = {}
    own = {label: np.flatnonzero(truth == label) for label in classifier.card.labels}
    first, second, *_ = own.values()
    number = min(most, len(first) - 1, len(second) - 1)
    kinds = {"two labels": (first, second), "a label twice": (first, first[1:])}
    for arrangement, compose in TWO.items():
        for kind, (one, two) in kinds.items():
            found = classified(
                classifier,
                lambda i, one=one, two=two, compose=compose: compose(
                    opened(photos.paths[one[i]]), opened(photos.paths[two[i]]), i
                ),
                number,
                f"{kind}, {arrangement}",
            )
            figures[f"{kind}, {arrangement}"] = {
                "several": share(found, SEVERAL),
                "neither": share(found, NEITHER),
                "photos": number,
            }
    return figures


def others(classifier: Classifier, photos: Photos, name: str) -> dict[str, float]:
    """How often photos of other things are given a label."""
    found = classified(classifier, lambda i: photos.paths[i].read_bytes(), len(photos), name)
    return {"labelled": 1 - share(found, NEITHER), "photos": len(photos)}


def share(found: Iterable[Prediction], verdict: str) -> float:
    return float(np.mean([prediction.verdict == verdict for prediction in found]))
