"""The one door for pictures: bytes in, upright RGB pixels out. Training and serving both use it.

Cheap by order of work: a look at the header, JPEG decoding at a reduced scale, one resize, and
only then the turn that the EXIF orientation asks for.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from common.errors import ImageError, ImageTooLarge, ImageTypeUnsupported, ImageUnreadable

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
MAX_PIXELS = 50_000_000
"""Largest width x height that is decoded: above every phone's, and 200 MB at four bytes a pixel."""

# Pillow warns of damaged EXIF and the like: about a stranger's file, so of no use to the operator.
warnings.filterwarnings("ignore", module=r"PIL\.")

_EXIF_ORIENTATION = 0x0112
# EXIF orientation -> the turn that makes the picture upright (EXIF 2.32, tag 274).
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


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture: the pixels a model wants, and what the file said of itself."""

    pixels: NDArray[np.uint8]
    """(height, width, 3), RGB, 0..255."""
    format: str
    """`JPEG`, `PNG`, `WEBP`, `GIF` or `AVIF`."""
    width: int
    """Of the upright original, in pixels."""
    height: int


def decode(data: bytes, target: tuple[int, int]) -> NDArray[np.uint8]:
    """Turn the bytes of a picture into upright RGB pixels of exactly the size asked for.

    Args:
        data: a whole JPEG, PNG, WebP, GIF or AVIF file; of an animation the first frame counts.
        target: (height, width) in pixels; the whole picture is stretched to it.

    Returns:
        uint8 array of shape (height, width, 3), 0..255. Transparency lies on white, 16-bit
        values are scaled, CMYK is converted.

    Raises:
        ImageError: whatever is wrong with the data, as one of its three kinds.
    """
    return read(data, target).pixels


def read(data: bytes, target: tuple[int, int]) -> Picture:
    """Like `decode`, together with the format and size of the original."""
    height, width = target
    with _one_kind_of_error():
        image = _open(data)
        format_ = image.format or ""
        turn = image.getexif().get(_EXIF_ORIENTATION, 1)
        sideways = turn in _SIDEWAYS
        original = image.size[::-1] if sideways else image.size
        size = (height, width) if sideways else (width, height)
        image.draft("RGB", size)
        upright = _turn(_to_rgb(image).resize(size, Image.Resampling.BILINEAR), turn)
        pixels = np.asarray(upright)
    return Picture(pixels, "JPEG" if format_ == "MPO" else format_, *original)


def preview(data: bytes, longest_side: int = 640) -> bytes:
    """The picture as a model sees it, but in its own proportions: a JPEG without metadata.

    Raises:
        ImageError: as `decode`.
    """
    with _one_kind_of_error():
        image = _open(data)
        turn = image.getexif().get(_EXIF_ORIENTATION, 1)
        image.draft("RGB", (longest_side, longest_side))
        upright = _turn(_to_rgb(image), turn)
        upright.thumbnail((longest_side, longest_side))  # never larger than the original
        pixels = np.asarray(upright)
    return encode(pixels)


def encode(pixels: NDArray[np.uint8]) -> bytes:
    """RGB pixels (height, width, 3) as a JPEG file without metadata."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=85)
    return out.getvalue()


def _open(data: bytes) -> Image.Image:
    """Read the header only, and refuse by it what is too large."""
    if not data:
        raise ImageUnreadable("The picture is empty: there are no bytes in it.")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        raise ImageTypeUnsupported(
            "This is not a picture of a kind that is read here (JPEG, PNG, WebP, GIF or AVIF)."
        ) from None
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageTooLarge(
            f"The picture has {width * height / 1e6:.0f} megapixels; "
            f"at most {MAX_PIXELS // 1_000_000} are accepted."
        )
    return image


def _to_rgb(image: Image.Image) -> Image.Image:
    """Any mode to RGB: alpha on white, 16 bits scaled to 8, everything else by Pillow."""
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image, dtype=np.float32)
        return Image.fromarray((values / 257).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _turn(image: Image.Image, orientation: int) -> Image.Image:
    turn = _UPRIGHT.get(orientation)
    return image if turn is None else image.transpose(turn)


@contextmanager
def _one_kind_of_error() -> Iterator[None]:
    """Whatever the decoders raise (a dozen types over a corpus of broken files): ImageError."""
    try:
        yield
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise ImageTooLarge("The picture has far more pixels than are accepted.") from None
    except Exception as error:  # MemoryError, SyntaxError, struct.error … : see tests/common
        raise ImageUnreadable("The picture is damaged and cannot be read.") from error
