"""Near-duplicates: the same photo saved twice, rescaled or compressed again."""

import numpy as np
from numpy.typing import NDArray

SIDE = 8
ALIKE = 12
"""Bits of the 128 that may differ. Of 500 photos saved again at 0.6 of their size and JPEG quality
50, the median differed in 3 and the worst in 10; no two different ones in fewer than 28."""
BLOCK = 1024


def signature(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A difference hash: is each cell brighter than its neighbour to the right, and below?

    Args:
        pixels: uint8 (height, width, 3), at least 9x9.

    Returns:
        uint8 (16,), 128 bits (after N. Krawetz, "Kind of Like That", 2013).
    """
    grey = pixels.astype(np.float32).mean(axis=2)
    rows = np.array_split(np.arange(grey.shape[0]), SIDE + 1)
    columns = np.array_split(np.arange(grey.shape[1]), SIDE + 1)
    cells = np.array([[grey[np.ix_(r, c)].mean() for c in columns] for r in rows])
    right = cells[:SIDE, 1:] > cells[:SIDE, :-1]
    below = cells[1:, :SIDE] > cells[:-1, :SIDE]
    return np.packbits(np.concatenate([right.ravel(), below.ravel()]))


def groups(signatures: NDArray[np.uint8]) -> list[int]:
    """Number photos so that near-duplicates share a number.

    Args:
        signatures: (photos, 16), as `signature` returns them.

    Returns:
        for each photo the index of the first one that it resembles; its own if there is none.
    """
    bits = np.unpackbits(signatures, axis=1)
    signs = bits.astype(np.float32) * 2 - 1  # a product of two counts equal bits less unequal ones
    group = list(range(len(bits)))
    for start in range(0, len(bits), BLOCK):
        products = signs[start : start + BLOCK] @ signs[start:].T
        for i, j in np.argwhere(products >= bits.shape[1] - 2 * ALIKE) + start:
            first, second = sorted((_root(group, i), _root(group, j)))
            group[second] = first
    return [_root(group, i) for i in range(len(group))]


def _root(group: list[int], i: int) -> int:
    while group[i] != i:
        i = group[i]
    return i
