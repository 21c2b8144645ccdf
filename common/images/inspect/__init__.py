"""Reads a picture's header before any decoder sees the file. Goes by content alone.

Finds the format, the size and how much work decoding is, and removes what is not needed to draw
the picture (EXIF, text, colour profiles, further pictures), so that nothing hidden there can cost
the decoder memory or time.
"""

from common.errors import ImageError, ImageUnreadable
from common.images.inspect import gif, heif, jpeg, other, png, webp
from common.images.inspect.header import MAX_PIXELS, Header, check_size, damaged

__all__ = ["MAX_PIXELS", "Header", "check_size", "inspect"]


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
    except ImageError:
        raise
    except Exception as error:  # any bytes at all may arrive here
        raise damaged() from error
    raise other.refusal(data)
