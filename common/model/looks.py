"""Looks at a picture again: upright, without its frame, or at the part with a second label.

As it was meant: a photo that a phone saved without saying how it was held, or a screenshot of one,
is a turned or a small picture to a model. It is asked again about the picture turned upright, or
about the part inside the frame; the answer that it knows better counts.

At a part of it: a small animal in a corner is little of what a network sees. Where there is some
evidence for a further label, the part in which it is strongest is enlarged and looked at; what is
said of it then counts as much as what was said of the whole.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from common.model.prediction import Outputs, Prediction

SURE = 0.999
"""Familiarity and score from which on no frame is looked for: nothing could be known better."""
LIKE = 6
"""Difference from the median of its row, 0..255, up to which a pixel is of the same colour."""
MARGINS, PLAIN = 0.8, 0.9
"""Share of pixels of one colour from which on a row belongs to a frame: of the whole width, where
margins and lines of text count, too, and of the photo's own width."""
GAP = 0.04
"""Share of the side that a stripe inside a photo may be plain without ending it."""
RIVAL = 0.3
"""Detail of a second stretch, as a share of that of the largest, from which on it is a photo as
well, as in a collage, and not the text and buttons around one."""
LEAST, MOST = 0.04, 0.8
"""Area of a photo inside a frame, as a share of the picture."""
SHORTEST = 0.15
"""Side of a photo inside a frame, as a share of the picture's."""
FINEST = 27
"""Rows and columns of a heatmap that was made of a part of the picture."""

PERHAPS = 0.25
"""Presence from which on a further label is looked for more closely."""
SIDE = 0.5
"""Side of the part that is looked at, as a share of the picture's."""
WEIGHTS = (1.0, 1.0, 0.5)
"""Of three log-odds: presence in the whole picture, presence in the part, score in the part."""
CERTAIN = 6.0
"""Log-odds that one of them may have at most, so that none decides alone."""


@dataclass(frozen=True, slots=True)
class Look:
    """A way to look at a picture other than as it came."""

    turn: int = 0
    """Quarter turns to the left that it had; they are undone."""
    box: tuple[float, float, float, float] | None = None
    """The part looked at: left, top, width and height as shares of the picture."""

    def apply(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture as it is looked at, in the same size.

        Args:
            picture: uint8 (height, width, 3).
        """
        height, width = picture.shape[:2]
        image = Image.fromarray(picture)
        if self.box:
            left, top, across, down = self.box
            corners = (left * width, top * height, (left + across) * width, (top + down) * height)
            image = image.resize((width, height), Image.Resampling.BICUBIC, box=corners)
        if self.turn:
            image = image.rotate(-90 * self.turn, expand=True).resize((width, height))
        return np.asarray(image)

    def undo(self, grid: NDArray[np.float32]) -> NDArray[np.float32]:
        """Lay a map of what was looked at over the picture as it came.

        Args:
            grid: (rows, columns), 0..1.

        Returns:
            (rows, columns), 0 outside of the part that was looked at.
        """
        grid = np.rot90(grid, self.turn)
        if self.box is None:
            return np.ascontiguousarray(grid)
        left, top, across, down = self.box
        whole = np.zeros((FINEST, FINEST), np.float32)
        rows = slice(round(top * FINEST), max(round((top + down) * FINEST), 1))
        columns = slice(round(left * FINEST), max(round((left + across) * FINEST), 1))
        part = whole[rows, columns]
        if part.size:
            small = Image.fromarray(grid.astype(np.float32)).resize(part.shape[::-1])
            whole[rows, columns] = np.clip(np.asarray(small), 0, 1)
        return whole

    def over_whole(self, prediction: Prediction) -> Prediction:
        """Lay the maps of a prediction over the picture as it came, and name the look in it."""
        maps = prediction.heatmaps
        return replace(
            prediction,
            turn=self.turn,
            box=self.box,
            heatmap=None if prediction.heatmap is None else self.undo(prediction.heatmap),
            heatmaps=maps and {label: self.undo(map) for label, map in maps.items()},
        )


def another_look(picture: NDArray[np.uint8], seen: Outputs, threshold: float | None) -> Look | None:
    """How else to look at a picture; None where there is no reason to.

    Args:
        picture: uint8 (height, width, 3).
        seen: the outputs for the picture as it came.
        threshold: the likelihood of a turn from which on it is turned back.
    """
    if seen.turn is not None and threshold is not None:
        most = int(seen.turn.argmax())
        if most and seen.turn[most] >= threshold:
            return Look(turn=most)
    box = None if _sure(seen) else find_frame(picture)
    return Look(box=box) if box else None


def _sure(seen: Outputs) -> bool:
    """Whether one label, and no other, is in a picture beyond doubt."""
    one = seen.presence is None or (seen.presence >= PERHAPS).sum() < 2
    return bool(one and min(seen.familiarity or 0.0, seen.scores.max()) >= SURE)


def find_frame(picture: NDArray[np.uint8]) -> tuple[float, float, float, float] | None:
    """The photo inside a frame: the largest stretch of rows, then of columns, that is not plain.

    Args:
        picture: uint8 (height, width, 3).

    Returns:
        left, top, width and height as shares of the picture; None where there is no frame, or where
        more than one photo lies in it.
    """
    # green is most of what is seen, and every second pixel of every second row enough here
    grey = picture[::2, ::2, 1].astype(np.int16)
    rows = _busy(grey, MARGINS)
    columns = _busy(grey[rows].T, PLAIN)
    rows = _busy(grey[:, columns], PLAIN)
    height, width = grey.shape
    down, across = (rows.stop - rows.start) / height, (columns.stop - columns.start) / width
    if min(down, across) < SHORTEST or not LEAST <= down * across <= MOST:
        return None
    return columns.start / width, rows.start / height, across, down


def _busy(grey: NDArray[np.int16], plain: float) -> slice:
    """The longest run of rows that are not plain, empty where another one rivals it.

    Short plain stripes do not end a run.
    """
    if min(grey.shape) < 2:
        return slice(0, 0)
    # every second pixel is enough to tell the colour of most of a row
    colour = np.median(grey[:, ::2], axis=1, keepdims=True).astype(np.int16)
    alike = (np.abs(grey - colour) <= LIKE).mean(axis=1)
    busy = np.flatnonzero(alike < plain)
    if not len(busy):
        return slice(0, 0)
    ends = np.flatnonzero(np.diff(busy) > max(1, GAP * len(grey)))
    firsts, lasts = busy[np.r_[0, ends + 1]], busy[np.r_[ends, len(busy) - 1]] + 1
    longest = int((lasts - firsts).argmax())
    detail = [(1 - alike[i:j]).sum() for i, j in zip(firsts, lasts, strict=True)]
    if sum(one >= RIVAL * detail[longest] for one in detail) > 1:
        return slice(0, 0)
    return slice(int(firsts[longest]), int(lasts[longest]))


def look_closer(
    picture: Callable[[int], NDArray[np.uint8]],
    seen: list[Outputs],
    ask: Callable[[NDArray[np.uint8]], list[Outputs]],
) -> list[Outputs]:
    """Ask the model about the parts of pictures in which further labels may be.

    Args:
        picture: number -> uint8 (height, width, 3), in the way it was looked at.
        seen: the outputs for each.
        ask: the model, for uint8 (batch, height, width, 3).

    Returns:
        the outputs; `presence` of a label that was looked for is made of those of whole and part.
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
