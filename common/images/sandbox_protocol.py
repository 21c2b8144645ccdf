"""Defines the messages that `sandbox` and `sandbox_worker` write to pipes."""

import struct

from common.errors import ImageError

REQUEST = struct.Struct("<IIddddQ")
"""Height and width (or 0 and the longest side), the region (x, y, width, height), then the length
of the file that follows."""
REPLY = struct.Struct("<BIIII")
"""0 and height, width, original width, original height, then the pixels; or 1 + the index of the
error in ERRORS and the length of its message, then the message."""
ERRORS: tuple[type[ImageError], ...] = tuple(ImageError.__subclasses__())
