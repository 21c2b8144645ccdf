"""Decodes an inspected file with Pillow to upright RGB pixels of the size wanted.

The order of work keeps it cheap: a JPEG is decoded at a reduced scale, resized once, and only then
turned as its EXIF orientation says. No second copy of a large picture is made.
"""

import importlib.util
import io
import math
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
from common.images.resize import resize

Size = tuple[int, int] | int
"""(height, width), to which the picture is stretched; or its longest side, never enlarged."""

# Pillow warns of damaged files: they are strangers' files, so the operator can do nothing.
warnings.filterwarnings("ignore", module=r"PIL\.")
AvifImagePlugin.DEFAULT_MAX_THREADS = 1

_STRIP_PIXELS = 1_000_000
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


def decode_size(header: Header, size: Size, region: Region = WHOLE) -> tuple[int, int]:
    """(width, height) that the whole picture is decoded to at least, for a region of that size."""
    width, height = _region_size(header, size, region)
    part = region.as_stored(header.orientation)
    whole_width, whole_height = math.ceil(width / part.width), math.ceil(height / part.height)
    return min(whole_width, header.width), min(whole_height, header.height)


def _region_size(header: Header, size: Size, region: Region) -> tuple[int, int]:
    """(width, height) of the region as stored, so that it has the size wanted when upright."""
    if not isinstance(size, int):
        return size if header.orientation in _SIDEWAYS else size[::-1]
    left, upper, right, lower = _box(header, region, (header.width, header.height))
    width, height = right - left, lower - upper
    scale = min(1.0, size / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _box(header: Header, region: Region, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The region in pixels of the file as stored, or of that decoded to a (width, height)."""
    return region.as_stored(header.orientation).box(*size)


def memory(header: Header, size: Size, region: Region = WHOLE) -> int:
    """Bytes of memory that `render` takes at most."""
    whole = decode_size(header, size, region)
    needed = header.memory(*whole)
    if region != WHOLE:  # a copy, of four bytes a pixel
        pixels = header.width * header.height / header.reduction(*whole) ** 2
        needed += int(4 * pixels * region.width * region.height)
    return needed


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
        ImageError: whatever is wrong with the data, as one of its three kinds.
    """
    with _as_image_error():
        if header.rgb:
            image = _jpeg(header, *decode_size(header, size, region))
        else:
            image = _open(header)
            header = _corrected(header, image)
            image.draft("RGB", decode_size(header, size, region))
        with image:
            part = image if region == WHOLE else image.crop(_box(header, region, image.size))
            upright = _resized(part, _region_size(header, size, region))
        if header.orientation in _UPRIGHT:
            upright = upright.transpose(_UPRIGHT[header.orientation])
        stored = header.width, header.height
        original = stored[::-1] if header.orientation in _SIDEWAYS else stored
        return np.asarray(upright), original


def _jpeg(header: Header, width: int, height: int) -> Image.Image:
    """An ordinary JPEG of at least the size wanted, by Pillow's decoder alone.

    Pillow's plugin would parse the header again, which is a fifth of the time of a small photo. The
    decoder checks the size that it is told.
    """
    part = header.reduction(width, height)
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


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The whole picture as RGB, stretched to (width, height).

    A picture more than twice as large is first reduced by a whole number, which is quicker (as
    Pillow's `resize(…, reducing_gap=2)`). A large one that is not RGB is converted in strips, so
    that it is never copied as a whole.
    """
    width, height = image.size
    factors = max(1, width // (2 * size[0])), max(1, height // (2 * size[1]))
    if image.mode == "RGB" and not image.has_transparency_data:
        small = _reduced(image, factors)
    elif width * height <= _STRIP_PIXELS:
        small = _reduced(_to_rgb(image), factors)
    else:
        small = _reduced_in_strips(image, factors)
    return resize(small, size, box=(width / factors[0], height / factors[1]))


def _reduced(image: Image.Image, factors: tuple[int, int]) -> Image.Image:
    return image if factors == (1, 1) else image.reduce(factors)


def _reduced_in_strips(image: Image.Image, factors: tuple[int, int]) -> Image.Image:
    width, height = image.size
    rows = max(1, _STRIP_PIXELS // width // factors[1]) * factors[1]
    small = Image.new("RGB", (-(-width // factors[0]), -(-height // factors[1])))
    for top in range(0, height, rows):
        strip = _to_rgb(image.crop((0, top, width, min(top + rows, height))))
        small.paste(strip.reduce(factors), (0, top // factors[1]))
    return small


def _to_rgb(image: Image.Image) -> Image.Image:
    """Any mode to RGB: alpha on white, 16 bits scaled to 8, all other modes by Pillow."""
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
