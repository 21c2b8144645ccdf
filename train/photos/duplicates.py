"""Near-duplicates: the same photo saved twice, rescaled, brightened, or cropped by a few per cent.

Photos that only share a background (products on white, a camera that does not move) are not: what
counts is the place where two photos differ most once one is laid over the other, not how much of
them is alike. docs/decisions/near_duplicates.md has the figures.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from train.photos.overlay import FLAT, GRID, same_photo

SIDE = 2 * GRID
"""Pixels: photos are decoded to a square of this side to be compared."""
SIMILAR = 0.7
"""Correlation of two coarse thumbnails below which photos are not compared any closer."""
SLACK = 1.0
"""Standard deviations by which a cell may leave the range that its surroundings have in the other
photo: brightening and cropping move cells that far."""
BLOCK = 512
CELLS = GRID // 4
REACH = 5
"""Pixels of a signature that a crop of a few per cent moves a point, and one more."""


def signature(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What is kept of a photo to compare it by.

    Args:
        pixels: uint8 (SIDE, SIDE, 3).

    Returns:
        uint8 (GRID, GRID, 3), each the mean of 2 by 2 pixels.
    """
    cells = pixels.reshape(GRID, 2, GRID, 2, 3).astype(np.uint16)
    return ((cells.sum(axis=(1, 3)) + 2) // 4).astype(np.uint8)


def pairs(signatures: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """All pairs of near-duplicates.

    Args:
        signatures: uint8 (photos, GRID, GRID, 3), as `signature` returns them.

    Returns:
        indices (first, second), first < second, sorted.
    """
    if len(signatures) < 2:
        return []
    found: list[tuple[int, int]] = []
    for first, second in _candidates(signatures):
        same = same_photo(signatures[first], signatures[second])
        found += zip(first[same].tolist(), second[same].tolist(), strict=True)
    return sorted(found)


def groups(count: int, alike: Iterable[tuple[int, int]]) -> list[int]:
    """Number photos so that near-duplicates share a number.

    Every member of a group is a near-duplicate of one photo in its middle; chains, in which the
    first and the last have nothing in common, are cut.

    Args:
        count: of photos.
        alike: pairs of indices, as `pairs` returns them.

    Returns:
        for each photo the smallest index in its group; its own where it is alone.
    """
    neighbours: list[set[int]] = [set() for _ in range(count)]
    for one, other in alike:
        neighbours[one].add(other)
        neighbours[other].add(one)
    group = [-1] * count
    for middle in sorted(range(count), key=lambda i: (-len(neighbours[i]), i)):
        if group[middle] < 0:
            members = [i for i in {middle, *neighbours[middle]} if group[i] < 0]
            for i in members:
                group[i] = min(members)
    return group


def _candidates(
    signatures: NDArray[np.uint8],
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs that are worth a closer look, a few hundred at a time."""
    cells, lowest, highest = _ranges(signatures)
    unit = cells / np.maximum(np.linalg.norm(cells, axis=1, keepdims=True), 1e-6)
    # Without any contrast there is nothing to correlate: such photos are compared by their colour.
    flat = signatures.std(axis=(1, 2)).max(axis=1) < 1
    colour = signatures.mean(axis=(1, 2), dtype=np.float32)
    for start in range(0, len(unit), BLOCK):
        alike = unit[start : start + BLOCK] @ unit[start:].T >= SIMILAR
        blank = np.flatnonzero(flat[start : start + BLOCK])
        near = np.abs(colour[start + blank, None] - colour[None, start:]).max(axis=2) < FLAT
        alike[blank] = flat[start:] & near
        first, second = np.nonzero(np.triu(alike, 1))
        first, second = first + start, second + start
        for at in range(0, len(first), 1 << 14):
            i, j = first[at : at + (1 << 14)], second[at : at + (1 << 14)]
            near = _within(cells[i], lowest[j], highest[j])
            near &= _within(cells[j], lowest[i], highest[i])
            i, j = i[near], j[near]
            for some in range(0, len(i), 256):
                yield i[some : some + 256], j[some : some + 256]


def _ranges(
    signatures: NDArray[np.uint8],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """For each photo its cells, and the darkest and brightest value around each of them.

    Returns:
        three arrays, float32 (photos, CELLS²), of a luminance with mean 0 and deviation 1.
    """
    cells, lowest, highest = [], [], []
    for one in signatures:
        grey = one.astype(np.float32).mean(axis=2)
        grey = (grey - grey.mean()) / max(float(grey.std()), 1.0)
        around = np.pad(grey, REACH, mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(around, (4 + 2 * REACH,) * 2)[::4, ::4]
        cells.append(grey.reshape(CELLS, 4, CELLS, 4).mean(axis=(1, 3)).ravel())
        lowest.append(windows.min(axis=(2, 3)).ravel())
        highest.append(windows.max(axis=(2, 3)).ravel())
    return np.array(cells), np.array(lowest), np.array(highest)


def _within(
    cells: NDArray[np.float32], lowest: NDArray[np.float32], highest: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Whether every cell of a photo has a value that the other one has near by: bool (pairs,)."""
    found: NDArray[np.bool_] = ((cells >= lowest - SLACK) & (cells <= highest + SLACK)).all(axis=1)
    return found
