"""One photo, disturbed more and more: until when is the model right? As one image.

    python -m train limits models/cat_dog photo.jpg --out limits.png
    python -m train limits models/cat_dog photo.jpg --label cat --precision int8

The photo is turned, made small, blurred, darkened, compressed, moved away and cut. Below each
picture stands the answer, green where it is right.
"""

import argparse
from pathlib import Path

from PIL import Image

from common.errors import DataError
from common.file_names import printable
from common.model.card import FILES
from common.model.classifier import Classifier
from common.model.prediction import Prediction
from train.arguments import image_file
from train.measure.answers import classified, opened
from train.measure.limits import ROWS
from train.report.limits import sheet


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", type=Path, help="a model folder, for example models/cat_dog")
    add("photo", type=Path)
    add("--label", help="the right answer (default: what it says of the photo as it is)")
    add("--out", type=image_file, default=Path("limits.png"), help="default: limits.png")
    add("--precision", choices=FILES, default="float32", help="which file (default: float32)")


def run(args: argparse.Namespace) -> int:
    classifier = Classifier.load(args.model, precision=args.precision)
    if args.label not in (None, *classifier.card.labels):
        raise DataError(f"{args.label!r} is none of {', '.join(classifier.card.labels)}.")
    try:
        photo = opened(args.photo)
    except OSError as error:
        raise DataError(f"{printable(args.photo)} cannot be read: {error.strerror}.") from error
    steps = [(row, name, value) for row in ROWS for name, value in row.steps.items()]
    pictures = [photo, *(row.disturb(photo, value) for row, _, value in steps)]
    plain, *said = classified(classifier, pictures.__getitem__, len(pictures), "Pictures")
    label = args.label or plain.verdict
    rows: dict[str, list[tuple[str, Image.Image, Prediction]]] = {row.name: [] for row in ROWS}
    for (row, name, _), picture, answer in zip(steps, pictures[1:], said, strict=True):
        rows[row.name].append((name, picture, answer))
    sheet(rows, label).save(args.out)
    right = sum(answer.verdict == label for answer in said)
    print(f"{printable(args.out)}: {label} in {right} of {len(said)} pictures")
    return 0
