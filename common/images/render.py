"""Decodes an inspected file with Pillow to upright RGB pixels of the size wanted.

The order of work keeps it cheap: a JPEG is decoded at a reduced scale, resized once, and only then
turned as its EXIF orientation says. No second copy of a large picture is made.
"""

import importlib.util
import io
import math
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import (  # the plugins, so that Pillow does not import all it has
    AvifImagePlugin,
    GifImagePlugin,  # noqa: F401
    Image,
    JpegImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    WebPImagePlugin,  # noqa: F401
)

from common.errors import ImageError, ImageTooLarge, ImageTypeUnsupported, ImageUnreadable
from common.images.inspect import Header, check_size
from common.images.region import WHOLE, Region
from common.images.rgb import reduced_to_rgb

try:
    from cykooz_resizer import CropBox, FilterType, ResizeAlg, ResizeOptions, Resizer
except ImportError:  # there is no wheel for Linux on Arm: Pillow does it there
    Resizer = None
else:
    _ALGORITHMS = {
        Image.Resampling.BILINEAR: ResizeAlg.convolution(FilterType.bilinear),
        Image.Resampling.LANCZOS: ResizeAlg.convolution(FilterType.lanczos3),
    }

Size = tuple[int, int] | int
"""(height, width), to which the picture is stretched; or its longest side, never enlarged."""

# Pillow warns of damaged files; they are strangers' files, so the operator cannot mend them.
warnings.filterwarnings("ignore", module=r"PIL\.")
AvifImagePlugin.DEFAULT_MAX_THREADS = 1

# Bytes of memory per pixel while decoding: measured with Pillow 13.0.0 and pillow-heif 1.8.1,
# rounded up.
_BYTES_PER_PIXEL = {"JPEG": 4.0, "PNG": 4.0, "GIF": 4.0, "WEBP": 18.0, "AVIF": 12.0, "HEIC": 8.0}
_EXIF_ORIENTATION = 0x0112
# EXIF orientation -> what makes the picture upright (EXIF 2.32, tag 274).
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {5, 6, 7, 8}
_resizers = threading.local()  # a Resizer keeps buffers between calls: one per thread


def memory(header: Header, size: Size, region: Region = WHOLE) -> int:
    """Bytes of memory that `render` takes at most, for the same arguments."""
    reduction = _reduction(header, *_decode_size(header, size, region))
    pixels = header.width * header.height / reduction**2
    needed = pixels * _BYTES_PER_PIXEL[header.format]
    if region != WHOLE:  # a copy, of four bytes a pixel
        needed += 4 * pixels * region.width * region.height
    return int(needed) + header.coefficients


def render(
    header: Header, size: Size, region: Region = WHOLE
) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Decode a file.

    Args:
        header: from `common.images.inspect.inspect`.
        size: of the result.
        region: the part of the upright picture that is wanted.

    Returns:
        uint8 (height, width, 3), 0..255, RGB; and the (width, height) of the upright original.

    Raises:
        ImageError: one of its three kinds, whatever is wrong with the data.
    """
    with _as_image_error():
        if header.rgb:
            image = _jpeg(header, *_decode_size(header, size, region))
        else:
            image = _open(header)
            header = _corrected(header, image)
            image.draft("RGB", _decode_size(header, size, region))
        with image:
            part = image if region == WHOLE else image.crop(_box(header, region, image.size))
            upright = stretched(part, _region_size(header, size, region))
        if header.orientation in _UPRIGHT:
            upright = upright.transpose(_UPRIGHT[header.orientation])
        stored = header.width, header.height
        original = stored[::-1] if header.orientation in _SIDEWAYS else stored
        return np.asarray(upright), original


@contextmanager
def _as_image_error() -> Iterator[None]:
    """Turn whatever a decoder raises (a dozen types over broken files) into an ImageError."""
    try:
        yield
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise ImageTooLarge("The picture has far more pixels than are accepted.") from None
    except Exception as error:  # MemoryError, SyntaxError, struct.error … : see tests/common
        raise ImageUnreadable("The picture is damaged and cannot be read.") from error


def _decode_size(header: Header, size: Size, region: Region) -> tuple[int, int]:
    """(width, height) that the whole picture is decoded to at least, so that its region has `size`.

    Like all sizes below, of the picture as it is stored, before it is turned upright.
    """
    width, height = _region_size(header, size, region)
    if region != WHOLE:
        part = region.as_stored(header.orientation)
        width, height = math.ceil(width / part.width), math.ceil(height / part.height)
    return min(width, header.width), min(height, header.height)


def _region_size(header: Header, size: Size, region: Region) -> tuple[int, int]:
    """(width, height) that the region is resized to."""
    if not isinstance(size, int):
        return size if header.orientation in _SIDEWAYS else size[::-1]
    left, upper, right, lower = _box(header, region, (header.width, header.height))
    width, height = right - left, lower - upper
    scale = min(1.0, size / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _box(header: Header, region: Region, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The region in pixels of a picture that was decoded to (width, height)."""
    return region.as_stored(header.orientation).box(*size)


def _reduction(header: Header, width: int, height: int) -> int:
    """The scale at which to decode for width x height: 1, 1/2, 1/4 or 1/8, as 1, 2, 4 or 8.

    Only JPEGs can be decoded at a reduced scale; the rule is that of Pillow's `draft`.
    """
    most = min(header.width // width, header.height // height) if header.format == "JPEG" else 1
    return next((scale for scale in (8, 4, 2) if scale <= most), 1)


def _jpeg(header: Header, width: int, height: int) -> Image.Image:
    """An ordinary JPEG of at least the size wanted, by Pillow's decoder alone.

    Pillow's plugin would parse the header again, which is a fifth of the time of a small photo. The
    decoder checks the size that it is given.
    """
    part = _reduction(header, width, height)
    size = -(-header.width // part), -(-header.height // part)
    image = Image.new("RGB", size, None)  # not filled: the decoder fails unless it writes all of it
    image.frombytes(header.data, "jpeg", ("RGB", "", part, 0))
    return image


def _corrected(header: Header, image: Image.Image) -> Header:
    """The header with the size and orientation that Pillow found."""
    check_size(*image.size)
    orientation = header.orientation
    if header.format == "AVIF":  # Pillow makes it from the boxes irot and imir
        orientation = image.getexif().get(_EXIF_ORIENTATION, 1)
    return replace(header, width=image.width, height=image.height, orientation=orientation)


def _open(header: Header) -> Image.Image:
    format_ = header.format
    if format_ == "HEIC":
        if importlib.util.find_spec("pillow_heif") is None:
            raise ImageTypeUnsupported("HEIC pictures are not read here; send a JPEG.")
        import pillow_heif

        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.options.THUMBNAILS = pillow_heif.options.AUX_IMAGES = False
        pillow_heif.register_heif_opener()
        format_ = "HEIF"
    return Image.open(io.BytesIO(header.data), formats=(format_,))


def stretched(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The whole picture as RGB, stretched to (width, height).

    A picture more than twice as large is first reduced by a whole number, which is quicker (as
    Pillow's `resize(…, reducing_gap=2)`).
    """
    width, height = image.size
    factors = max(1, width // (2 * size[0])), max(1, height // (2 * size[1]))
    if image.mode != "RGB" or image.has_transparency_data:
        image = reduced_to_rgb(image, factors)
    elif factors != (1, 1):
        image = image.reduce(factors)
    return resize(image, size, box=(width / factors[0], height / factors[1]))


def resize(
    image: Image.Image, size: tuple[int, int], box: tuple[float, float] | None = None
) -> Image.Image:
    """Stretch a picture, each axis by the filter that suits it.

    A reduced axis gets a triangle as wide as it is reduced (antialiased), an enlarged one Lanczos'
    filter, which keeps a small picture sharper (docs/decisions/enlarging.md). Equal to Pillow's
    `resize` with BILINEAR and LANCZOS, except that about one value in a thousand is off by one (by
    two where an axis is enlarged).

    Args:
        image: RGB.
        size: (width, height) of the result.
        box: (width, height) of the part to take, from the upper left; all if left out.
    """
    width, height = box or image.size
    # Two calls, because the order of the passes counts: each rounds to 8 bits. Pillow starts with
    # the vertical pass where the height shrinks much more; in the library's own order one value in
    # seven would differ from Pillow's.
    if image.height - size[1] > max(0, 2 * (image.width - size[0])):
        columns = _convolved(image, (image.width, size[1]), (image.width, height))
        return _convolved(columns, size, (width, size[1]))
    rows = _convolved(image, (size[0], image.height), (width, image.height))
    return _convolved(rows, size, (size[0], height))


def _convolved(image: Image.Image, size: tuple[int, int], box: tuple[float, float]) -> Image.Image:
    """The part in the box, stretched along one axis."""
    enlarged = size[0] > box[0] or size[1] > box[1]
    kernel = Image.Resampling.LANCZOS if enlarged else Image.Resampling.BILINEAR
    if Resizer is None:
        return image.resize(size, kernel, box=(0, 0, *box))
    crop = None if box == image.size else CropBox(0, 0, *box)
    result = Image.new("RGB", size, None)  # not filled: every pixel is written
    _resizer().resize_pil(image, result, ResizeOptions(_ALGORITHMS[kernel], crop_box=crop))
    return result


def _resizer() -> Resizer:
    if not hasattr(_resizers, "resizer"):
        _resizers.resizer = Resizer()
    resizer: Resizer = _resizers.resizer
    return resizer
