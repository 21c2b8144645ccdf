"""One resize for every picture: that of Pillow, by SIMD instructions in a quarter of its time."""

import threading

from PIL import Image

try:
    from cykooz_resizer import CropBox, FilterType, ResizeAlg, ResizeOptions, Resizer
except ImportError:  # not built for Linux on Arm: Pillow then does it itself
    Resizer = None
else:
    TRIANGLE = ResizeAlg.convolution(FilterType.bilinear)
    WHOLE = ResizeOptions(TRIANGLE)

_mine = threading.local()  # a Resizer keeps buffers between calls, so each thread has its own


def resize(
    image: Image.Image, size: tuple[int, int], box: tuple[float, float] | None = None
) -> Image.Image:
    """Stretch a picture: a triangle filter, as wide as the picture is reduced (antialiased).

    Equal to Pillow's `resize(size, Resampling.BILINEAR)` but for one value in about a thousand,
    which is rounded to its neighbour.

    Args:
        image: RGB.
        size: (width, height) of the result.
        box: (width, height) of the part to take, from the upper left; all if left out.
    """
    width, height = box or image.size
    if Resizer is None:
        return image.resize(size, Image.Resampling.BILINEAR, box=(0, 0, width, height))
    # Two calls, since the order counts: each pass rounds to 8 bits. Pillow begins with the columns
    # where their number shrinks much more; the library's own order would round one value in seven
    # otherwise than Pillow.
    if image.height - size[1] > max(0, 2 * (image.width - size[0])):
        columns = _convolved(image, (image.width, size[1]), (image.width, height))
        return _convolved(columns, size, (width, size[1]))
    rows = _convolved(image, (size[0], image.height), (width, image.height))
    return _convolved(rows, size, (size[0], height))


def _convolved(image: Image.Image, size: tuple[int, int], box: tuple[float, float]) -> Image.Image:
    whole = box == image.size
    options = WHOLE if whole else ResizeOptions(TRIANGLE, crop_box=CropBox(0, 0, *box))
    result = Image.new("RGB", size, None)  # not filled: all of it is written
    _resizer().resize_pil(image, result, options)
    return result


def _resizer() -> Resizer:
    if not hasattr(_mine, "resizer"):
        _mine.resizer = Resizer()
    resizer: Resizer = _mine.resizer
    return resizer
