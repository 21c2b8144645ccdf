"""A served file over photos: its scores, the labels they are held against, tables of figures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.errors import DataError
from common.model.card import ModelCard
from common.model.classifier import Classifier
from common.photo_files import photos_in
from train.measure.metrics import Figures, NeitherFigures
from train.photos.dataset import Photos, Pixels, class_folders, parallel_batches, readable

BATCH = 4
"""Photos that one thread decodes and classifies at a time."""


def unlabelled(folder: Path) -> Photos:
    """The photos below a folder that can be read, whatever they show; the others are named.

    Raises:
        DataError: there are none.
    """
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}.")
    files = [(path, 0) for path in photos_in(folder)]
    photos = readable(("other",), files, folder)
    if not len(photos):
        raise DataError(f"There are no photos in {folder}.")
    return photos


def answers(
    classifier: Classifier, photos: Photos
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Run a model over photos.

    Args:
        classifier: of one thread; the photos are spread over the CPUs.

    Returns:
        scores (photos, labels), and familiarity (photos,) if the model measures it.
    """
    outputs = classifier.card.outputs
    names = [name for name in (outputs.scores, outputs.familiarity) if name]
    pixels = Pixels(photos, classifier.target, keep=False)
    work = parallel_batches(
        lambda which: classifier.run(pixels(which), names), len(photos), BATCH, "Evaluating"
    )
    rows = [row for _, row in work]
    scores, *familiarity = (np.concatenate(column) for column in zip(*rows, strict=True))
    return scores, familiarity[0] if familiarity else None


def label_indices(card: ModelCard, photos: Photos) -> NDArray[np.int64]:
    """The index of each photo's label (photos,).

    Raises:
        DataError: the class folders are not the model's.
    """
    return np.array(label_of_class(card, photos.classes))[photos.truth]


def check_classes(card: ModelCard, folder: Path) -> None:
    """Refuse a folder whose class folders are not the model's, before anything long starts.

    Raises:
        DataError: they are not, or there is no such folder.
    """
    label_of_class(card, list(class_folders(folder)))


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


def neither_table(found: NeitherFigures) -> str:
    """The figures of *neither* for a person to read."""
    lines = [
        f"other photos       {found.others}",
        f"familiarity AUROC  {found.auroc:.4f}",
    ]
    lines += [
        f"others that pass   {passing:.2%} where {kept:.0%} of the labels' photos are kept"
        for kept, passing in found.passing.items()
    ]
    lines.append(
        f"as served          {found.served_passing:.2%} of the others pass,"
        f" {found.served_kept:.2%} of the labels' photos are kept"
    )
    return "\n".join(lines)


def table(found: Figures) -> str:
    """The figures for a person to read."""
    labels = list(found.precision)
    width = max(12, *map(len, labels)) + 2
    lines = [
        f"photos             {found.photos}",
        f"accuracy           {found.accuracy:.4f}",
        f"ROC AUC            {found.roc_auc:.4f}",
        f"log loss           {found.log_loss:.4f}",
        f"calibration error  {found.calibration_error:.4f}"
        f"   (of a calibrated model: below {found.calibration_band:.4f})",
        "",
        f"{'label':<{width}}precision  recall   called " + " ".join(f"{x:>8}" for x in labels),
    ]
    for label, row in zip(labels, found.confusion, strict=True):
        lines.append(
            f"{label:<{width}}{found.precision[label]:9.4f}  {found.recall[label]:6.4f}"
            f"          " + " ".join(f"{count:8d}" for count in row)
        )
    return "\n".join(lines)
