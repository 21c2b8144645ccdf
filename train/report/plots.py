"""The plots of a report: the course of training, right and wrong by label, confidence."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from train.measure.intervals import share
from train.measure.metrics import Figures, reliability

TRAINING, VALIDATION, INK = "#1f6f8b", "#d9822b", "#24323d"
matplotlib.rcParams.update(
    {
        "font.size": 9,
        "svg.fonttype": "none",  # text stays text: smaller, and readable for a screen reader
        "svg.hashsalt": "dogorcat",  # the same figures give the same file
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "#9aa7b0",
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
    }
)


AXES = {"loss": "loss", "accuracy": "accuracy", "logits_loss": "loss of the label"}


def kept_epoch(history: Sequence[dict[str, float]]) -> int:
    """Which epoch's weights are kept, from 1: that of the lowest validation loss."""
    return int(np.argmin([entry["val_loss"] for entry in history])) + 1


def history_plot(history: Sequence[dict[str, float]]) -> Figure:
    """Loss and accuracy by epoch, of the training photos and the validation share.

    A network of several outputs has no one accuracy; the loss of its label is drawn in its place.
    """
    figure = Figure(figsize=(8.4, 3), layout="constrained")
    epochs = np.arange(1, len(history) + 1)
    names = ("loss", "accuracy" if "accuracy" in history[0] else "logits_loss")
    for ax, name in zip(figure.subplots(1, 2), names, strict=True):
        for prefix, label, colour in (
            ("", "training", TRAINING),
            ("val_", "validation share", VALIDATION),
        ):
            values = [entry[prefix + name] for entry in history]
            ax.plot(epochs, values, marker=".", label=label, color=colour)
        kept = kept_epoch(history)
        ax.axvline(kept, color="#9aa7b0", linewidth=0.8, linestyle="--", label=f"kept: {kept}")
        ax.set(xlabel="epoch", ylabel=AXES[name])
        ax.ticklabel_format(axis="y", useOffset=False)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        ax.legend(frameon=False)
    return figure


def confusion_plot(labels: Sequence[str], figures: Figures) -> Figure:
    """Photos by truth (row) and verdict (column)."""
    matrix = np.array(figures.confusion)
    places = range(len(labels))
    side = 2.4 + 0.45 * len(labels)
    figure = Figure(figsize=(side, side), layout="constrained")
    ax = figure.subplots()
    ax.imshow(matrix, cmap="Blues")
    ax.set(xticks=places, xticklabels=labels, xlabel="verdict")
    ax.set(yticks=places, yticklabels=labels, ylabel="truth")
    ax.tick_params(axis="x", rotation=0 if len(labels) < 4 else 45)
    for (row, column), count in np.ndenumerate(matrix):
        colour = "white" if count > matrix.max() / 2 else INK
        ax.text(column, row, str(count), ha="center", va="center", color=colour)
    return figure


def reliability_plot(scores: NDArray[np.float32], truth: NDArray[np.int64]) -> Figure:
    """Accuracy against confidence, in bins of equal mass, with intervals."""
    confidence, accuracy, photos = reliability(scores, truth)
    found = [share(round(a * n), n) for a, n in zip(accuracy, photos.tolist(), strict=True)]
    below = [max(one.value - one.low, 0) for one in found]
    above = [max(one.high - one.value, 0) for one in found]
    figure = Figure(figsize=(5.4, 4.4), layout="constrained")
    ax = figure.subplots()
    low = min(confidence.min(), *(one.low for one in found)) - 0.03
    ax.plot([low, 1], [low, 1], color="#9aa7b0", linewidth=0.8)
    ax.errorbar(
        confidence, accuracy, (below, above), marker="o", markersize=4, color=TRAINING,
        ecolor="#9fc3d1", elinewidth=1, capsize=2,
    )  # fmt: skip
    few, many = photos.min(), photos.max()
    each = f"{few}" if few == many else f"{few} to {many}"
    ax.set(
        xlabel=f"confidence ({each} photos a point)",
        ylabel="accuracy",
        xlim=(low, 1.01),
        ylim=(low, 1.01),
    )
    return figure


def familiarity_plot(
    own: NDArray[np.float32], others: NDArray[np.float32] | None, line: float
) -> Figure:
    """How many photos of the labels, and of other things, have which familiarity.

    Args:
        own, others: (photos,), 0..1.
        line: below it a photo is neither.
    """
    figure = Figure(figsize=(8.4, 3), layout="constrained")
    ax = figure.subplots()
    groups = ((own, "the labels", TRAINING), (others, "other things", VALIDATION))
    for values, label, colour in groups:
        if values is not None:
            shares = np.full(len(values), 1 / len(values))
            ax.hist(
                values, np.linspace(0, 1, 26), weights=shares,
                color=colour, alpha=0.7, label=f"photos of {label}",
            )  # fmt: skip
    ax.axvline(line, color=INK, linewidth=0.8, linestyle="--", label="line of neither")
    ax.set(xlabel="familiarity", ylabel="share of the photos", xlim=(0, 1))
    ax.legend(frameon=False)
    return figure
