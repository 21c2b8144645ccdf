"""Where a second label may be in a picture: ask the model again about that part of it alone.

A small animal in a corner is little of what a network sees. Where there is some evidence for a
further label, the part of the picture in which it is strongest is enlarged and looked at; what is
said of it then counts as much as what was said of the whole.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from common.prediction import Outputs
from common.second_look import Look

PERHAPS = 0.15
"""Presence from which on a further label is looked for more closely."""
SIDE = 0.5
"""Side of the part that is looked at, as a share of the picture's."""
WEIGHTS = (1.0, 1.0, 0.5)
"""Of three log-odds: presence in the whole picture, presence in the part, score in the part."""
CERTAIN = 6.0
"""Log-odds that one of them may have at most, so that none decides alone."""


def look_closer(
    picture: Callable[[int], NDArray[np.uint8]],
    seen: list[Outputs],
    ask: Callable[[NDArray[np.uint8]], list[Outputs]],
) -> list[Outputs]:
    """What is said of pictures once further labels were looked for where they may be.

    Args:
        picture: number -> uint8 (height, width, 3), in the way it was looked at.
        seen: what was said of each.
        ask: the model, for uint8 (batch, height, width, 3).

    Returns:
        the outputs; `presence` of labels that were looked for is what whole and part say together.
    """
    wanted = [(i, *one) for i, outputs in enumerate(seen) for one in _further_labels(outputs)]
    if not wanted:
        return seen
    parts = ask(np.stack([look.apply(picture(i)) for i, _, look in wanted]))
    found = list(seen)
    for (i, label, _), part in zip(wanted, parts, strict=True):
        whole = found[i].presence
        if whole is not None and part.presence is not None:
            presence = whole.copy()
            presence[label] = _together(whole[label], part.presence[label], part.scores[label])
            found[i] = replace(found[i], presence=presence)
    return found


def _further_labels(outputs: Outputs) -> list[tuple[int, Look]]:
    """The labels beside the strongest that may be in a picture, each with a look at the part.

    That is where the evidence for the label, against that for the strongest, is largest among all
    places and their neighbours.
    """
    presence, maps = outputs.presence, outputs.maps
    if presence is None or maps is None:
        return []
    strongest = int(presence.argmax())
    found = []
    for label in np.flatnonzero(presence >= PERHAPS).tolist():
        if label != strongest:
            edged = np.pad(maps[..., label] - maps[..., strongest], 1, mode="edge")
            around = sliding_window_view(edged, (3, 3)).mean(axis=(2, 3))
            row, column = np.unravel_index(around.argmax(), around.shape)
            rows, columns = around.shape
            left, top = _edge(column, columns), _edge(row, rows)
            found.append((label, Look(box=(left, top, SIDE, SIDE))))
    return found


def _edge(place: np.intp, places: int) -> float:
    """Where a part with this place in its middle begins, 0..1, kept inside the picture."""
    return float(np.clip((place + 0.5) / places - SIDE / 2, 0, 1 - SIDE))


def _together(whole: float, part: float, score: float) -> float:
    """One probability from three: the weighted mean of their log-odds."""
    odds = [
        float(np.clip(np.log(max(p, 1e-9)) - np.log(max(1 - p, 1e-9)), -CERTAIN, CERTAIN))
        for p in (whole, part, score)
    ]
    mean = sum(w * o for w, o in zip(WEIGHTS, odds, strict=True)) / sum(WEIGHTS)
    return float(1 / (1 + np.exp(-mean)))
