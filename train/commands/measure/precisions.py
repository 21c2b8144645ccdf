"""Compare the float and the 8-bit file of a model folder: what is lost, and what is gained.

    python -m train precisions models/cat_dog DATA/validation

Prints a table in Markdown: accuracy, verdicts that differ from the float file's, milliseconds for
one picture in one thread (the median of pictures classified in turns by both files), and which file
the service takes on this CPU. The service takes the 8-bit file of a CPU on which it needs at most
four fifths of the time and loses at most 2 of 1,000 verdicts.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.cpus import has_fast_int8
from common.errors import DataError
from common.model.card import FILES, Precision, read_card
from common.model.classifier import Classifier
from train.measure.evaluation import answers, check_classes, label_indices
from train.photos.dataset import Photos, Pixels, scan

TIMED = 100
"""Pictures, spread evenly, that each file is timed on."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a model folder with both files")
    parser.add_argument("photos", type=Path, help="class folders")


def run(args: argparse.Namespace) -> int:
    card = read_card(args.model)
    if card.int8 is None:
        raise DataError(f"{args.model} has no 8-bit file; `python -m train quantise` makes it.")
    check_classes(card, args.photos)
    files = {name: Classifier.load(args.model, precision=name) for name in FILES}
    photos = scan(args.photos)
    truth = label_indices(card, photos)
    scores = {name: answers(file, photos)[0] for name, file in files.items()}
    verdicts = {name: rows.argmax(axis=1) for name, rows in scores.items()}
    milliseconds = time_in_turns(files, photos)
    taken = "int8" if has_fast_int8(card.int8.weight_bits) else "float32"
    print(f"| {len(photos)} photos | accuracy | verdicts that differ | ms | served here |")
    print("|---|---|---|---|---|")
    for name in FILES:
        accuracy = (verdicts[name] == truth).mean()
        differing = int((verdicts[name] != verdicts["float32"]).sum())
        mark = "yes" if name == taken else "no"
        print(f"| {name} | {accuracy:.4f} | {differing} | {milliseconds[name]:.1f} | {mark} |")
    return 0


def time_in_turns(files: dict[Precision, Classifier], photos: Photos) -> dict[Precision, float]:
    """The median time, in milliseconds, that each file takes for one picture in one thread."""
    where = np.unique(np.linspace(0, len(photos) - 1, TIMED).astype(int))
    pixels = Pixels(photos, next(iter(files.values())).target)
    taken: dict[Precision, list[float]] = {name: [] for name in files}
    for i in where:
        picture: NDArray[np.uint8] = pixels(np.array([i]))
        for name, classifier in files.items():
            start = time.perf_counter()
            classifier.predict(picture)
            taken[name].append(1e3 * (time.perf_counter() - start))
    return {name: float(np.median(values)) for name, values in taken.items()}
