"""Reads a picture's header before any decoder sees the file. Names and MIME types do not count.

Finds the format, the size and how much work decoding is, and removes what is not needed to draw
the picture (EXIF, text, colour profiles, further pictures), so that nothing there can cost the
decoder memory or time.
"""

from common.errors import ImageError, ImageTooLarge, ImageUnreadable
from common.images.inspect import gif, heif, jpeg, other, png, webp
from common.images.inspect.header import Header, damaged

__all__ = ["MAX_PIXELS", "Header", "check_size", "inspect"]

MAX_PIXELS = 50_000_000
"""Largest width x height: more than nearly every phone takes, 200 MB at four bytes a pixel."""
MAX_SIDE = 30_000
"""Largest width or height."""


def inspect(data: bytes) -> Header:
    """Read the header of a file.

    Raises:
        ImageUnreadable: empty, damaged, or no picture at all.
        ImageTypeUnsupported: a picture or document of another kind; the message names it.
        ImageTooLarge: more pixels or work than allowed.
    """
    if not data:
        raise ImageUnreadable("The picture is empty: there are no bytes in it.")
    try:
        header = _by_format(data)
    except ImageError:
        raise
    except Exception as error:  # any bytes at all may arrive here
        raise damaged() from error
    check_size(header.width, header.height)
    return header


def _by_format(data: bytes) -> Header:
    if data.startswith(b"\xff\xd8\xff"):
        return jpeg.inspect(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return png.inspect(data)
    if data.startswith((b"GIF87a", b"GIF89a")):
        return gif.inspect(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return webp.inspect(data)
    if data[4:8] == b"ftyp":
        return heif.inspect(data)
    raise other.refusal(data)


def check_size(width: int, height: int) -> None:
    """Refuse a picture without pixels or with too many.

    Raises:
        ImageUnreadable, ImageTooLarge.
    """
    if width <= 0 or height <= 0:
        raise ImageUnreadable("The picture is damaged: its width or height is zero.")
    if width * height > MAX_PIXELS:
        raise ImageTooLarge(
            f"The picture has {width * height / 1e6:.0f} megapixels; "
            f"at most {MAX_PIXELS // 1_000_000} are accepted."
        )
    if max(width, height) > MAX_SIDE:
        raise ImageTooLarge(f"The picture has a side of more than {MAX_SIDE} pixels.")
