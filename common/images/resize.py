"""Resizes as Pillow does, with SIMD instructions in a quarter of the time."""

import threading

from PIL import Image

try:
    from cykooz_resizer import CropBox, FilterType, ResizeAlg, ResizeOptions, Resizer
except ImportError:  # there is no wheel for Linux on Arm: Pillow does it there
    Resizer = None
else:
    TRIANGLE = ResizeAlg.convolution(FilterType.bilinear)
    WHOLE = ResizeOptions(TRIANGLE)

_thread_local = threading.local()  # a Resizer keeps buffers between calls: one per thread


def resize(
    image: Image.Image, size: tuple[int, int], box: tuple[float, float] | None = None
) -> Image.Image:
    """Stretch a picture: a triangle filter, as wide as the picture is reduced (antialiased).

    Equal to Pillow's `resize(size, Resampling.BILINEAR)`, except that about one value in a thousand
    is off by one.

    Args:
        image: RGB.
        size: (width, height) of the result.
        box: (width, height) of the part to take, from the upper left; all if left out.
    """
    width, height = box or image.size
    if Resizer is None:
        return image.resize(size, Image.Resampling.BILINEAR, box=(0, 0, width, height))
    # Two calls, because the order of the passes counts: each rounds to 8 bits. Pillow starts with
    # the vertical pass where the height shrinks much more; in the library's own order one value in
    # seven would differ from Pillow's.
    if image.height - size[1] > max(0, 2 * (image.width - size[0])):
        columns = _convolved(image, (image.width, size[1]), (image.width, height))
        return _convolved(columns, size, (width, size[1]))
    rows = _convolved(image, (size[0], image.height), (width, image.height))
    return _convolved(rows, size, (size[0], height))


def _convolved(image: Image.Image, size: tuple[int, int], box: tuple[float, float]) -> Image.Image:
    whole = box == image.size
    options = WHOLE if whole else ResizeOptions(TRIANGLE, crop_box=CropBox(0, 0, *box))
    result = Image.new("RGB", size, None)  # not filled: every pixel is written
    _resizer().resize_pil(image, result, options)
    return result


def _resizer() -> Resizer:
    if not hasattr(_thread_local, "resizer"):
        _thread_local.resizer = Resizer()
    resizer: Resizer = _thread_local.resizer
    return resizer
