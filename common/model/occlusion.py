"""Makes heatmaps by occlusion, for models without class activation maps."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

GRID = 7
BATCH = 16
"""Pictures in one call of the model, so that memory stays small."""
GREY = 127


def occlusion(
    score: Callable[[NDArray[np.uint8]], NDArray[np.float32]], picture: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """How much a score falls when a part of the picture is covered (Zeiler and Fergus 2014).

    As in arXiv:1311.2901: a grey patch of two by two cells is laid over each cell of a 7 by 7 grid,
    so that patches overlap. It takes 49 more predictions.

    Args:
        score: uint8 pictures (batch, height, width, 3) -> float32 score of one label (batch,).
        picture: uint8 (height, width, 3).

    Returns:
        (7, 7) float32: the score of the whole picture minus that with this place covered.
    """
    height, width = picture.shape[:2]
    covered = np.repeat(picture[np.newaxis], GRID * GRID, axis=0)
    for cell, one in enumerate(covered):
        row, column = divmod(cell, GRID)
        top, bottom = _span(row, height)
        left, right = _span(column, width)
        one[top:bottom, left:right] = GREY
    scores = [score(covered[i : i + BATCH]) for i in range(0, len(covered), BATCH)]
    whole = score(picture[np.newaxis])[0]
    fall: NDArray[np.float32] = (whole - np.concatenate(scores)).reshape(GRID, GRID)
    return fall


def _span(cell: int, length: int) -> tuple[int, int]:
    """From half a cell before a cell to half a cell behind it."""
    first = max(round((cell - 0.5) * length / GRID), 0)
    return first, max(round((cell + 1.5) * length / GRID), first + 1)
