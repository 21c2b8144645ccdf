"""Where a model looked, drawn over the picture: grey where nothing was seen, orange at the peak."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WARM = np.array([0xE8, 0x6A, 0x00], np.float32)
STRENGTH = 0.75
"""Of the colour at the peak, so that the picture stays visible below it."""


def overlaid(picture: NDArray[np.uint8], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A picture under its heat map.

    Args:
        picture: uint8 (height, width, 3), RGB.
        heat: (rows, columns), 0..1, over the whole picture.

    Returns:
        uint8 (height, width, 3).
    """
    height, width = picture.shape[:2]
    smooth = Image.fromarray(heat.astype(np.float32)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    weight = STRENGTH * np.asarray(smooth).clip(0, 1)[..., None]
    grey = np.asarray(Image.fromarray(picture).convert("L"), np.float32)[..., None]
    mixed: NDArray[np.uint8] = (grey * (1 - weight) + WARM * weight).astype(np.uint8)
    return mixed
