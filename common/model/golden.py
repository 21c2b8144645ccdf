"""Draws the golden pictures, with which a model folder is verified without any photo.

A model's card stores the outputs for them; the loader computes them again and compares. The
drawings must never change, since every card depends on them; a test pins their bytes.
"""

import numpy as np
from numpy.typing import NDArray


def draw(height: int, width: int) -> dict[str, NDArray[np.uint8]]:
    """Draw the golden pictures for a model's input size.

    Returns:
        name -> uint8 array (height, width, 3), 0..255; integer arithmetic only, so that every
        machine draws the same.
    """
    y, x = np.mgrid[0:height, 0:width]
    ramp_x = x * 255 // max(width - 1, 1)
    ramp_y = y * 255 // max(height - 1, 1)
    squares = ((8 * y // height + 8 * x // width) % 2) * 255
    radius = min(height, width) // 3
    inside = (y - height // 2) ** 2 + (x - width // 2) ** 2 < radius**2
    noise = np.random.RandomState(20).randint(0, 256, (height, width, 3))  # a frozen stream
    pictures = {
        "gradient": np.stack([ramp_x, ramp_y, (ramp_x + ramp_y) // 2], axis=-1),
        "squares": np.stack([squares, 255 - squares, ramp_y], axis=-1),
        "disc": np.where(inside[..., None], [200, 120, 40], [30, 60, 90]),
        "noise": noise,
    }
    return {name: pixels.astype(np.uint8) for name, pixels in pictures.items()}
