"""When a picture lies on its side or sits in a frame: how to look at it again, as it was meant.

A photo that a phone saved without saying how it was held, or a screenshot of one, is a small or
turned picture to a model. Where there is reason to think so, it is asked again about the picture
turned upright, or about the part inside the frame; the answer that it knows better counts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FLAT = 3
"""Difference of two neighbouring pixels, 0..255, up to which they count as one plain surface."""
MARGINS, PLAIN = 0.8, 0.9
"""Share of flat neighbours from which on a row belongs to a frame: of the whole width, where
margins
and lines of text count, too, and of the photo's own width."""
GAP = 0.04
"""Share of the side that a stripe inside a photo may be plain without ending it."""
LEAST, MOST = 0.04, 0.8
"""Area of a photo inside a frame, as a share of the picture."""
SHORTEST = 0.15
"""Side of a photo inside a frame, as a share of the picture's."""
FINEST = 27
"""Rows and columns of a heatmap that was made of a part of the picture."""


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


def another_look(
    picture: NDArray[np.uint8], turn: NDArray[np.float32] | None, threshold: float | None
) -> Look | None:
    """How else to look at a picture; None where there is no reason to.

    Args:
        picture: uint8 (height, width, 3).
        turn: (4,), how likely it has 0 to 3 quarter turns to the left, if the model says so.
        threshold: the likelihood from which on it is turned back.
    """
    if turn is not None and threshold is not None:
        most = int(turn.argmax())
        if most and turn[most] >= threshold:
            return Look(turn=most)
    box = find_frame(picture)
    return Look(box=box) if box else None


def find_frame(picture: NDArray[np.uint8]) -> tuple[float, float, float, float] | None:
    """The photo inside a frame: the largest stretch of rows, then of columns, that is not plain.

    Args:
        picture: uint8 (height, width, 3).

    Returns:
        left, top, width and height as shares of the picture; None where there is no frame.
    """
    grey = picture[..., 1].astype(np.int16)  # green is most of what is seen, and enough here
    rows = _busy(grey, MARGINS)
    columns = _busy(grey[rows].T, PLAIN)
    rows = _busy(grey[:, columns], PLAIN)
    height, width = grey.shape
    down, across = (rows.stop - rows.start) / height, (columns.stop - columns.start) / width
    if min(down, across) < SHORTEST or not LEAST <= down * across <= MOST:
        return None
    return columns.start / width, rows.start / height, across, down


def _busy(grey: NDArray[np.int16], plain: float) -> slice:
    """The longest run of rows that are not plain; short plain stripes do not end it."""
    if min(grey.shape) < 2:
        return slice(0, 0)
    flat = (np.abs(np.diff(grey, axis=1)) <= FLAT).mean(axis=1)
    busy = np.flatnonzero(flat < plain)
    if not len(busy):
        return slice(0, 0)
    ends = np.flatnonzero(np.diff(busy) > max(1, GAP * len(grey)))
    firsts, lasts = busy[np.r_[0, ends + 1]], busy[np.r_[ends, len(busy) - 1]]
    longest = int((lasts - firsts).argmax())
    return slice(int(firsts[longest]), int(lasts[longest]) + 1)
