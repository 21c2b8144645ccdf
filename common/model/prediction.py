"""Turns a model's outputs for one picture into what it says: verdict, scores, heatmaps."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.model.card import ModelCard

NEITHER = "neither"
SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one picture."""

    verdict: str
    """A label, `neither` where no label is in the picture, or `several` where more than one is."""
    present: tuple[str, ...]
    """The labels that are in the picture, strongest first; empty for `neither`."""
    scores: dict[str, float]
    """label -> probability 0..1, largest first; they sum to 1."""
    familiarity: float | None
    """0..1, or None where the model does not measure it."""
    heatmap: NDArray[np.float32] | None = None
    """(rows, columns) 0..1 over the whole picture: where the top label was seen. On request."""
    heatmaps: dict[str, NDArray[np.float32]] | None = None
    """For `several`, on request: label -> such a map, for each label that is present."""
    turn: int = 0
    """Quarter turns to the left that the picture had, and that were undone to look at it."""
    box: tuple[float, float, float, float] | None = None
    """The part that was looked at alone: left, top, width and height as shares of the picture."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """A model's outputs for one picture; None for those that it does not have."""

    scores: NDArray[np.float32]
    """(labels,), probabilities."""
    familiarity: float | None = None
    """0..1."""
    presence: NDArray[np.float32] | None = None
    """(labels,), 0..1 each."""
    turn: NDArray[np.float32] | None = None
    """(4,), probabilities of 0 to 3 quarter turns to the left."""
    maps: NDArray[np.float32] | None = None
    """(rows, columns, labels), evidence."""


def predict(
    card: ModelCard,
    outputs: Outputs,
    evidence: dict[int, NDArray[np.float32]] | None = None,
) -> Prediction:
    """What a model says of one picture.

    Args:
        card: the model's labels and thresholds.
        outputs: what its file put out for the picture.
        evidence: index of a label -> (rows, columns), any scale: where it was seen.
    """
    present = present_labels(card, outputs)
    names = [card.labels[label] for label in present] or [NEITHER]
    maps = {label: heatmap(found) for label, found in (evidence or {}).items()}
    values = outputs.scores.tolist()
    order = _strongest_first(outputs.scores)
    return Prediction(
        verdict=names[0] if len(names) == 1 else SEVERAL,
        present=tuple(card.labels[label] for label in present),
        scores={card.labels[label]: values[label] for label in order},
        familiarity=outputs.familiarity,
        heatmap=maps.get(order[0]),
        heatmaps={card.labels[i]: maps[i] for i in present} if maps and len(present) > 1 else None,
    )


def present_labels(card: ModelCard, outputs: Outputs) -> list[int]:
    """The indices of the labels that are in a picture, strongest first."""
    if outputs.familiarity is not None and outputs.familiarity < (card.neither_threshold or 0.0):
        return []
    if outputs.presence is not None and card.present_threshold is not None:
        found = [
            label
            for label in _strongest_first(outputs.presence)
            if outputs.presence[label] >= card.present_threshold
        ]
        if len(found) > 1:
            return found
    return [int(outputs.scores.argmax())]


def heatmap(evidence: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale a class activation map to 0..1: what speaks against the label is 0, the peak is 1.

    Args:
        evidence: (rows, columns), the label's share of the logit by place (Zhou et al. 2016).
    """
    positive = np.maximum(evidence, 0)
    peak = positive.max()
    return positive / peak if peak > 0 else positive


def _strongest_first(values: NDArray[Any]) -> list[int]:
    return sorted(range(len(values)), key=values.__getitem__, reverse=True)
