"""Near-duplicates: the same photo saved twice, rescaled or compressed again."""

import numpy as np
from numpy.typing import NDArray

SIDE = 8
ALIKE = 4
"""Bits of the 128 that may differ; re-saving a photo flips one or two, other photos dozens."""


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
    # Two signatures that differ in at most `ALIKE` bits agree in at least one of ALIKE + 1 parts,
    # so only photos that share a part need to be compared.
    bits = np.unpackbits(signatures, axis=1)
    group = list(range(len(bits)))
    for part in np.array_split(np.arange(bits.shape[1]), ALIKE + 1):
        buckets: dict[bytes, list[int]] = {}
        for i, key in enumerate(np.packbits(bits[:, part], axis=1)):
            same = buckets.setdefault(key.tobytes(), [])
            for j in same:
                if _root(group, i) != _root(group, j) and (bits[i] != bits[j]).sum() <= ALIKE:
                    first, second = sorted((_root(group, i), _root(group, j)))
                    group[second] = first
            same.append(i)
    return [_root(group, i) for i in range(len(group))]


def _root(group: list[int], i: int) -> int:
    while group[i] != i:
        i = group[i]
    return i
