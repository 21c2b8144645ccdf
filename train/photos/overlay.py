"""Lay one photo over another, as far as a crop of a few per cent and light allow, and compare.

NumPy alone, many pairs at a time. The alignment is that of Lucas and Kanade (1981) for scale and
shift along both axes, with the gain and offset of the light in the same least squares.
"""

import numpy as np
from numpy.typing import NDArray

GRID = 48
"""Side of the thumbnails that are compared, in pixels."""
DIFFERENT = 0.3
"""Largest difference of near-duplicates in any patch, in standard deviations of the photo."""
RECOLOURED = 0.8
"""The same in any colour channel: looser, since JPEG files store colour coarsely."""
FLAT = 8.0
"""Levels of 255; a photo with less contrast is measured as if it had this much."""
PATCH = 4
STEPS = 5
MAX_SCALE, MAX_SHIFT = 1.18, 0.08
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)

Floats = NDArray[np.float32]


def same_photo(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether the two photos of each pair are the same photo.

    Args:
        first, second: uint8 (pairs, GRID, GRID, 3).

    Returns:
        bool (pairs,), whichever of the two comes first.
    """
    same = np.zeros(len(first), dtype=bool)
    left = np.flatnonzero(_roughly(first, second))
    # A photo whose highlights were lost fits the other one, not the reverse: both ways are tried.
    for source, target in ((first, second), (second, first)):
        if len(left):
            same[left] = _fits(source[left], target[left])
            left = left[~same[left]]
    return same


def _roughly(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether pairs are worth the full comparison: the same at half the size, with a wide margin.

    Many photos that share a background are told apart here, for a tenth of the time.
    """
    light, goal = (_halved(photos) for photos in (first, second))
    moved, inside = _move(light, _align(light, goal, steps=3))
    gain, offset = _relight(moved, goal, inside)
    relit = (gain[:, None, None] * moved + offset[:, None, None]).clip(0, 255)
    contrast = np.maximum(goal.reshape(len(goal), -1).std(axis=1), FLAT)
    worst = np.abs(_sums((goal - relit) * inside, PATCH // 2)).max(axis=(1, 2)) / (PATCH // 2) ** 2
    found: NDArray[np.bool_] = worst < 3 * DIFFERENT * contrast
    return found


def _halved(photos: NDArray[np.uint8]) -> Floats:
    """Luminance (pairs, GRID / 2, GRID / 2)."""
    light = photos.astype(np.float32) @ _LUMINANCE
    return light.reshape(-1, GRID // 2, 2, GRID // 2, 2).mean(axis=(2, 4))


def _fits(source: NDArray[np.uint8], target: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether each source, moved and relit, is its target."""
    pairs = len(source)
    sharp = np.moveaxis(source.astype(np.float32), 3, 1)
    goal = _smooth(np.moveaxis(target.astype(np.float32), 3, 1))
    goal_light = np.einsum("nchw,c->nhw", goal, _LUMINANCE)
    light = np.einsum("nchw,c->nhw", _smooth(sharp), _LUMINANCE)
    where = _align(light, goal_light)

    moved, inside = _move(light, where)
    gain, offset = _relight(moved, goal_light, inside)
    colours = _move(sharp.reshape(-1, GRID, GRID), np.repeat(where, 3, axis=0))[0]
    colours = colours.reshape(sharp.shape) * gain[:, None, None, None]
    relit = _smooth((colours + offset[:, None, None, None]).clip(0, 255))

    apart = (goal - relit) * inside[:, None]
    apart = np.concatenate([apart, np.einsum("nchw,c->nhw", apart, _LUMINANCE)[:, None]], axis=1)
    counted = _sums(inside.astype(np.float32))[:, None]
    patches = np.abs(_sums(apart)) / np.maximum(counted, 1)
    worst = np.where(counted > 0.6 * PATCH**2, patches, 0).max(axis=(2, 3))
    contrast = np.maximum(goal_light.reshape(pairs, -1).std(axis=1), FLAT)
    found: NDArray[np.bool_] = (worst[:, 3] < DIFFERENT * contrast) & (
        worst[:, :3].max(axis=1) < RECOLOURED * contrast
    )
    return found


def _align(source: Floats, target: Floats, steps: int = STEPS) -> Floats:
    """Scale and shift along each axis that lay the sources over their targets: (pairs, 4)."""
    pairs, side = len(source), source.shape[-1]
    where = np.tile(np.array([1, 0, 1, 0], np.float32), (pairs, 1))
    down, across = np.broadcast_arrays(_places(side)[:, None], _places(side)[None, :])
    weights = np.array([1, 1, 1, 1, 0.01, 0.01], np.float32) * 1e-4
    for _ in range(steps):
        moved, inside = _move(source, where)
        slope_y, slope_x = (np.gradient(moved, axis=axis) * side for axis in (1, 2))
        columns = (slope_y * down, slope_y, slope_x * across, slope_x, moved, np.ones_like(moved))
        known = (np.stack(columns, axis=-1) * inside[..., None]).reshape(pairs, -1, 6)
        wanted = (target * inside).reshape(pairs, -1, 1)
        turned = known.transpose(0, 2, 1)
        normal = turned @ known
        damping = np.trace(normal, axis1=1, axis2=2)[:, None, None] / 6 + 1
        normal = normal + damping * np.diag(weights)
        found = np.linalg.solve(normal.astype(np.float64), (turned @ wanted).astype(np.float64))
        gain = found[:, 4]
        step = found[:, :4, 0] / np.where(np.abs(gain) < 0.2, 0.2, gain)
        where = where + step.clip(-0.05, 0.05).astype(np.float32)
        where[:, [0, 2]] = where[:, [0, 2]].clip(1 / MAX_SCALE, MAX_SCALE)
        where[:, [1, 3]] = where[:, [1, 3]].clip(-MAX_SHIFT, MAX_SHIFT)
    return where


def _move(planes: Floats, where: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Sample planes (n, side, side) linearly at other places; which of these lie inside."""
    side = planes.shape[-1]
    down, inside_y = _weights(where[:, 0], where[:, 1], side)
    across, inside_x = _weights(where[:, 2], where[:, 3], side)
    moved = down @ planes @ across.transpose(0, 2, 1)
    return moved, inside_y[:, :, None] & inside_x[:, None, :]


def _weights(scale: Floats, shift: Floats, side: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Matrices (n, side, side) that sample one axis, and which samples (n, side) lie inside."""
    at = (0.5 + scale[:, None] * _places(side) + shift[:, None]) * side - 0.5
    near = at.clip(0, side - 1)[:, :, None] - np.arange(side, dtype=np.float32)
    return np.maximum(0, 1 - np.abs(near)), (at > -1) & (at < side)


def _places(side: int) -> Floats:
    """Where the pixels of an axis lie, from -0.5 to 0.5."""
    return ((np.arange(side) + 0.5) / side - 0.5).astype(np.float32)


def _relight(source: Floats, target: Floats, inside: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Gain and offset (pairs,) from source to target, of what is neither black nor washed out."""
    usable = inside & (source > 6) & (source < 225) & (target > 6) & (target < 225)
    count = usable.sum(axis=(1, 2)).astype(np.float32)
    enough = count > source[0].size / 20
    count = np.maximum(count, 1)
    middle, goal = ((light * usable).sum(axis=(1, 2)) / count for light in (source, target))
    spread = (source - middle[:, None, None]) * usable
    both = (spread * (target - goal[:, None, None])).sum(axis=(1, 2))
    gain = np.where(enough, both / np.maximum((spread**2).sum(axis=(1, 2)), 1), 1).clip(0.5, 2)
    return gain.astype(np.float32), np.where(enough, goal - gain * middle, 0).astype(np.float32)


def _smooth(planes: Floats) -> Floats:
    """A binomial of three pixels along both axes."""
    edges = [(0, 0)] * (planes.ndim - 2) + [(1, 1), (1, 1)]
    wide = np.pad(planes, edges, mode="edge")
    rows = (wide[..., :-2, :] + 2 * wide[..., 1:-1, :] + wide[..., 2:, :]) / 4
    return (rows[..., :-2] + 2 * rows[..., 1:-1] + rows[..., 2:]) / 4


def _sums(planes: Floats, n: int = PATCH) -> Floats:
    """Sums over all patches of n by n pixels."""
    total = np.pad(planes, [(0, 0)] * (planes.ndim - 2) + [(1, 0), (1, 0)]).cumsum(-2).cumsum(-1)
    return total[..., n:, n:] - total[..., :-n, n:] - total[..., n:, :-n] + total[..., :-n, :-n]
