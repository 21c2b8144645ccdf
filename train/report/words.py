"""What a report says in words: figures, settings, and what its plots show."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from common.file_names import portable
from train.measure.intervals import Interval, share
from train.measure.metrics import Figures, reliability
from train.report.plots import kept_epoch

FIGURES = {
    "roc_auc": "area under the ROC curve",
    "log_loss": "log loss",
    "calibration_error": "calibration error",
    "calibration_band": "calibration error of a calibrated model, at most",
}
SETTINGS = {
    "augment": "variation of photos",
    "batch": "photos in a batch",
    "class_weights": "weights of classes",
    "classes": "class folders",
    "data": "photos",
    "distill": "weight of the ImageNet head's former outputs",
    "epochs": "epochs, at most",
    "extra": "more training photos",
    "familiar": "ImageNet classes of the labels",
    "held": "photos that choices are made on",
    "held_share": "share of the training photos that choices are made on",
    "imagenet_head": "ImageNet head",
    "layers": "layers of the backbone that learn",
    "learning_rate": "learning rate at its peak",
    "mix": "share of the fine-tuned weights in the average with the start",
    "no_photos": "report without photos",
    "others": "photos of other things",
    "patience": "epochs without a lower validation loss before stopping",
    "refit": "head fitted once more at the end",
    "size": "side of the picture, in pixels",
    "smoothing": "label smoothing",
    "start": "model that training started from",
    "weights": "weights that training started from",
}


def figure_rows(figures: Figures, sure: dict[str, Interval]) -> list[tuple[str, str, str]]:
    """Name, value and interval of every figure."""
    rows = []
    for name, value in figures.flat().items():
        found = sure.get(name)
        around = f"{found.low:.4f} to {found.high:.4f}" if found else ""
        rows.append((FIGURES.get(name, name), f"{value:.4f}", around))
    return rows


def neither_words(own: NDArray[np.float32], others: NDArray[np.float32] | None, line: float) -> str:
    """How many photos lie above the line of *neither*, with intervals."""
    said = (
        f"The line of neither lies at {line:.3f}. Above it lie {_above(own, line)}, which have one"
        " of the labels"
    )
    if others is None:
        return f"{said}. Photos of other things were not at hand."
    return f"{said}, and {_above(others, line)} of other things, which have none."


def setting_rows(settings: dict[str, object]) -> list[tuple[str, str]]:
    """Name and value of every setting."""
    return [
        (SETTINGS.get(name, name.replace("_", " ")), _text(value))
        for name, value in settings.items()
    ]


def history_words(history: Sequence[dict[str, float]]) -> str:
    """What the plot of a history shows, in a sentence."""
    kept = kept_epoch(history)
    entry = history[kept - 1]
    accuracy = f", accuracy {entry['val_accuracy']:.4f}" if "val_accuracy" in entry else ""
    epochs = "1 epoch" if len(history) == 1 else f"{len(history)} epochs"
    return (
        f"The course of training over {epochs}. Epoch {kept} is kept, that of the"
        f" lowest validation loss: {entry['val_loss']:.4f}{accuracy}."
    )


def reliability_words(scores: NDArray[np.float32], truth: NDArray[np.int64]) -> str:
    """How many photos stand behind each point of the reliability plot."""
    _, _, counts = reliability(scores, truth)
    if len(counts) == 1:
        return f"One point stands for all {counts[0]} photos: more photos give more points."
    few, many = int(counts.min()), int(counts.max())
    each = f"{few}" if few == many else f"{few} to {many}"
    return f"Each of the {len(counts)} points stands for {each} photos."


def reliability_rows(
    scores: NDArray[np.float32], truth: NDArray[np.int64]
) -> list[tuple[str, str, str, int]]:
    """Confidence, accuracy, its interval and number of photos of each point."""
    rows = []
    for confidence, accuracy, photos in zip(*reliability(scores, truth), strict=True):
        found = share(round(accuracy * photos), int(photos))
        around = f"{found.low:.3f} to {found.high:.3f}"
        rows.append((f"{confidence:.3f}", f"{accuracy:.3f}", around, int(photos)))
    return rows


def _above(familiarity: NDArray[np.float32], line: float) -> str:
    count = int((familiarity >= line).sum())
    found = share(count, len(familiarity))
    return f"{count} of {len(familiarity)} photos ({found.low:.1%} to {found.high:.1%})"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value)) or "none"
    return "none" if value is None else portable(value)
