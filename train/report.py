"""The page beside every model: one self-contained HTML file to open from disk."""

import html
import io
from pathlib import Path
from typing import Any

import keras
import matplotlib
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from common.card import ModelCard
from train.data import Photos
from train.metrics import Figures, reliability

matplotlib.rcParams.update({"svg.hashsalt": "dogorcat", "font.size": 9})


def write_report(
    folder: Path,
    card: ModelCard,
    history: list[dict[str, float]],
    figures: Figures,
    scores: NDArray[np.float32],
    truth: NDArray[np.int64],
    photos: Photos | None,
    model: keras.Model,
) -> None:
    """Write `folder`/index.html."""
    folder.mkdir()
    parts = []
    if history:
        parts.append(("History", _history(history)))
    parts.append(("Confusion matrix", _confusion(card, figures)))
    parts.append(("Reliability", _reliability(scores, truth)))
    body = "\n".join(f"<h2>{html.escape(title)}</h2>\n{content}" for title, content in parts)
    (folder / "index.html").write_text(
        f"<!doctype html>\n<html lang=en><meta charset=utf-8><title>{card.name}</title>\n{body}\n",
        encoding="utf-8",
    )


def _history(history: list[dict[str, float]]) -> str:
    figure = Figure(figsize=(8, 3), layout="constrained")
    axes = figure.subplots(1, 2)
    epochs = np.arange(1, len(history) + 1)
    for ax, name in zip(axes, ("loss", "accuracy"), strict=True):
        ax.plot(epochs, [entry[name] for entry in history], marker=".", label="training")
        ax.plot(
            epochs,
            [entry[f"val_{name}"] for entry in history],
            marker=".",
            label="validation share",
        )
        ax.set(xlabel="epoch", ylabel=name)
        ax.legend()
    return _svg(figure)


def _confusion(card: ModelCard, figures: Figures) -> str:
    matrix = np.array(figures.confusion)
    side = 2.5 + 0.4 * len(card.labels)
    figure = Figure(figsize=(side, side), layout="constrained")
    ax = figure.subplots()
    ax.imshow(matrix, cmap="Blues")
    ax.set(
        xticks=range(len(card.labels)),
        xticklabels=card.labels,
        xlabel="verdict",
        yticks=range(len(card.labels)),
        yticklabels=card.labels,
        ylabel="truth",
    )
    for (row, column), count in np.ndenumerate(matrix):
        dark = count > matrix.max() / 2
        ax.text(
            column, row, str(count), ha="center", va="center", color="white" if dark else "black"
        )
    return _svg(figure)


def _reliability(scores: NDArray[np.float32], truth: NDArray[np.int64]) -> str:
    confidence, accuracy, _ = reliability(scores, truth)
    figure = Figure(figsize=(4, 3.5), layout="constrained")
    ax = figure.subplots()
    ax.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    ax.plot(confidence, accuracy, marker="o", markersize=3)
    low = min(confidence.min(), accuracy.min()) - 0.03
    ax.set(xlabel="confidence", ylabel="accuracy", xlim=(low, 1.01), ylim=(low, 1.01))
    return _svg(figure)


def _svg(figure: Any) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]
