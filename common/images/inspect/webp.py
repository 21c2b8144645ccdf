"""Reads WebP headers (RFC 9649)."""

import struct

from common.images.inspect.exif import exif_orientation
from common.images.inspect.header import MAX_PARTS, SANDBOX_PIXELS, Header


def inspect(data: bytes) -> Header:
    width = height = 0
    orientation, position = 1, 12
    for _ in range(MAX_PARTS):
        if position + 8 > len(data):
            break
        kind, length = struct.unpack_from("<4sI", data, position)
        start = position + 8
        if not width and kind == b"VP8X":
            width = 1 + int.from_bytes(data[start + 4 : start + 7], "little")
            height = 1 + int.from_bytes(data[start + 7 : start + 10], "little")
        elif not width and kind == b"VP8 ":
            width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, start + 6))
        elif not width and kind == b"VP8L":
            (bits,) = struct.unpack_from("<I", data, start + 1)
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        elif kind == b"EXIF":
            orientation = exif_orientation(data[start : start + length])
        position = start + length + length % 2
    return Header(
        "WEBP",
        width,
        height,
        data,
        orientation,
        needs_sandbox=width * height > SANDBOX_PIXELS,
    )
