"""Two photos in one picture: what teaches a model to see that there are two animals."""

import numpy as np
from numpy.random import Generator
from PIL import Image

Box = tuple[int, int]
MEAN_SIDE = 270
"""Geometric mean of the sides, in pixels, of a picture of two photos side by side."""


def side_by_side(rng: Generator, one: Image.Image, two: Image.Image) -> Image.Image:
    """Two photos beside or above each other, of about the same size, perhaps with a gap.

    The aspect ratio of the picture is 1 to 3.2: two uncropped photos of 4:3 or 3:2 make 2.7 or 3.
    """
    share = rng.uniform(0.36, 0.64)
    gap = int(rng.choice([0, 0, rng.integers(2, 14)]))
    root = np.sqrt(rng.uniform(1.0, 3.2))
    length, breadth = round(MEAN_SIDE * root), round(MEAN_SIDE / root)
    first = round((length - gap) * share)
    across = rng.random() < 0.7
    frame = Image.new("RGB", _box(length, breadth, across), _paper(rng))
    frame.paste(_filling(rng, one, _box(first, breadth, across)), (0, 0))
    rest = _filling(rng, two, _box(length - gap - first, breadth, across))
    frame.paste(rest, _box(first + gap, 0, across))
    return frame


def inset(rng: Generator, one: Image.Image, two: Image.Image) -> Image.Image:
    """The second photo, a quarter to a half as large, over a corner or an edge of the first."""
    scale = rng.uniform(0.28, 0.55)
    width, height = (max(8, round(length * scale)) for length in one.size)
    small = _filling(rng, two, (width, height))
    if rng.random() < 0.4:
        border = int(rng.integers(1, 5))
        framed = Image.new("RGB", (width + 2 * border, height + 2 * border), _paper(rng))
        framed.paste(small, (border, border))
        small = framed
    frame = one.copy()
    left, top = (rng.choice([0.0, 1.0, rng.random()]) for _ in range(2))
    spare = frame.width - small.width, frame.height - small.height
    frame.paste(small, (round(left * spare[0]), round(top * spare[1])))
    return frame


def _filling(rng: Generator, photo: Image.Image, box: Box) -> Image.Image:
    """A photo, cropped to the proportions of a box and scaled to fill it; or stretched a little."""
    width, height = photo.size
    wanted = box[0] / box[1]
    ratio = width / height
    if rng.random() < 0.8 and not 0.8 < ratio / wanted < 1.25:
        if ratio > wanted:
            part = max(1, round(height * wanted * np.sqrt(1.1)))
            left = round((width - part) * rng.uniform(0.3, 0.7))
            photo = photo.crop((max(0, left), 0, min(width, left + part), height))
        else:
            part = max(1, round(width / wanted * np.sqrt(1.1)))
            top = round((height - part) * rng.uniform(0.2, 0.6))
            photo = photo.crop((0, max(0, top), width, min(height, top + part)))
    return photo.resize((max(1, box[0]), max(1, box[1])), Image.Resampling.BILINEAR)


def _box(along: int, beside: int, across: bool) -> Box:
    return (along, beside) if across else (beside, along)


def _paper(rng: Generator) -> tuple[int, int, int]:
    level = int(rng.choice([0, 255, rng.integers(0, 256)]))
    return level, level, level
