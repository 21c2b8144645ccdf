"""Measure a model folder on class folders, decoding and running exactly as the service does.

python -m train evaluate models/cat_dog DATA/validation
python -m train evaluate models/cat_dog DATA/validation --json
"""

import argparse
import dataclasses
import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from common.card import ModelCard
from common.classifier import Classifier
from common.errors import DataError
from train.data import Photos, Pixels, scan
from train.metrics import Figures, measure

BATCH = 32


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a model folder, for example models/cat_dog")
    parser.add_argument("photos", type=Path, help="a folder of class folders")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(args: argparse.Namespace) -> int:
    classifier = Classifier.load(args.model, threads=os.cpu_count() or 1)
    photos = scan(args.photos)
    found = measure(*scores_and_truth(classifier, photos), classifier.card.labels)
    print(json.dumps(dataclasses.asdict(found), indent=2) if args.json else table(found))
    return 0


def scores_and_truth(
    classifier: Classifier, photos: Photos
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Run a model over photos.

    Returns:
        scores (photos, labels) and the index of each photo's label (photos,).

    Raises:
        DataError: the class folders are not the model's.
    """
    place = np.array(label_of_class(classifier.card, photos.classes))
    pixels = Pixels(photos, classifier.target)
    batches = np.array_split(np.arange(len(photos)), -(-len(photos) // BATCH))
    scores = [
        classifier.run(pixels(which), [classifier.card.outputs.scores])[0]
        for which in tqdm(batches, "Evaluating", unit="batch", leave=False)
    ]
    return np.concatenate(scores), place[photos.truth]


def label_of_class(card: ModelCard, classes: Sequence[str]) -> list[int]:
    """For each class folder the index of its label: by its name, or as in training.

    Raises:
        DataError: neither fits.
    """
    for names in (list(card.labels), card.settings.get("classes", [])):
        if sorted(names) == sorted(classes):
            return [names.index(name) for name in classes]
    raise DataError(
        f"The class folders {', '.join(classes)} are not the labels of"
        f" {card.name}: {', '.join(card.labels)}."
    )


def table(found: Figures) -> str:
    """The figures for a person to read."""
    labels = list(found.precision)
    width = max(12, *map(len, labels)) + 2
    lines = [
        f"photos             {found.photos}",
        f"accuracy           {found.accuracy:.4f}",
        f"ROC AUC            {found.roc_auc:.4f}",
        f"log loss           {found.log_loss:.4f}",
        f"calibration error  {found.calibration_error:.4f}",
        "",
        f"{'label':<{width}}precision  recall   called " + " ".join(f"{x:>8}" for x in labels),
    ]
    for label, row in zip(labels, found.confusion, strict=True):
        lines.append(
            f"{label:<{width}}{found.precision[label]:9.4f}  {found.recall[label]:6.4f}"
            f"          " + " ".join(f"{count:8d}" for count in row)
        )
    return "\n".join(lines)
