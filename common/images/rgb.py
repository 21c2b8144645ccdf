"""Converts pictures of any colour mode to RGB: greys, palettes, CMYK, 16 bits, transparency."""

import numpy as np
from PIL import Image

_STRIP_PIXELS = 1_000_000
"""A larger picture is converted in strips of about this size, so that it is never copied whole."""


def reduced_to_rgb(image: Image.Image, factors: tuple[int, int]) -> Image.Image:
    """The picture as RGB: transparent parts white, 16-bit values scaled to 8.

    Args:
        image: of any mode.
        factors: whole numbers by which its width and height are reduced on the way.
    """
    width, height = image.size
    if width * height <= _STRIP_PIXELS:
        whole = _to_rgb(image)
        return whole if factors == (1, 1) else whole.reduce(factors)
    rows = max(1, _STRIP_PIXELS // width // factors[1]) * factors[1]
    small = Image.new("RGB", (-(-width // factors[0]), -(-height // factors[1])))
    for top in range(0, height, rows):
        strip = _to_rgb(image.crop((0, top, width, min(top + rows, height))))
        small.paste(strip.reduce(factors), (0, top // factors[1]))
    return small


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        values = np.asarray(image, dtype=np.float32)
        grey = np.round(values / 257).clip(0, 255)
        transparent = image.info.get("transparency")  # a 16-bit value
        return Image.fromarray(np.where(values == transparent, 255, grey).astype(np.uint8)).convert(
            "RGB"
        )
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")
