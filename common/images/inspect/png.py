"""Reads PNG headers (W3C PNG, third edition, chapter 5)."""

import contextlib
import struct
import zlib

from common.errors import ImageUnreadable
from common.images.inspect.exif import exif_orientation
from common.images.inspect.header import MAX_PARTS, SANDBOX_PIXELS, Header, damaged

MAX_TEXT_BYTES = 1_000_000
"""How much the compressed texts and the colour profile may unpack to, in bytes."""
MIN_TEXT_BYTES = 1000
"""What each of them counts at least, in bytes."""
_STEP_BYTES = 64 * 1024


def inspect(data: bytes) -> Header:
    kept: list[bytes] = []
    pixels: list[bytes] = []
    orientation, text_left, position = 1, MAX_TEXT_BYTES, 8
    width = height = depth = colour = 0
    for _ in range(MAX_PARTS * 10):  # the pixels may be split into many chunks
        if position + 8 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 8 : position + 8 + length]
        checksum = data[position + 8 + length : position + 12 + length]
        position += 12 + length
        if checksum != _checksum(kind, body) and (kind != b"IEND" or len(checksum) == 4):
            raise damaged()
        if kind == b"IDAT":
            pixels.append(body)
        elif kind == b"IHDR":
            width, height, depth, colour = struct.unpack_from(">IIBB", body)
            kept.append(_chunk(kind, body))
        elif kind == b"PLTE" or (kind == b"tRNS" and (depth, colour) != (16, 2)):
            kept.append(_chunk(kind, body))
        elif kind == b"eXIf":
            orientation = exif_orientation(body)
        elif kind in (b"zTXt", b"iTXt", b"iCCP"):
            text_left -= max(_unpacked(kind, body, text_left), MIN_TEXT_BYTES)
        elif kind == b"IEND":
            break
    if not width or not pixels:
        raise damaged()
    kept += [_chunk(b"IDAT", b"".join(pixels)), _chunk(b"IEND", b"")]
    return Header(
        "PNG",
        width,
        height,
        data[:8] + b"".join(kept),
        orientation,
        needs_sandbox=width * height > SANDBOX_PIXELS,
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return b"".join((struct.pack(">I", len(body)), kind, body, _checksum(kind, body)))


def _checksum(kind: bytes, body: bytes) -> bytes:
    """The CRC that ends a chunk (W3C PNG, 5.3)."""
    return struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def _unpacked(kind: bytes, body: bytes, most: int) -> int:
    """How many bytes a compressed text or profile unpacks to, until it ends or is damaged.

    Raises:
        ImageUnreadable: more than `most`.
    """
    _, _, rest = body.partition(b"\0")
    if kind == b"iTXt":
        if rest[:1] != b"\1":  # not compressed
            return 0
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    else:
        rest = rest[1:]
    unpacking, length = zlib.decompressobj(), 0
    with contextlib.suppress(zlib.error):
        while length <= most and (piece := unpacking.decompress(rest, _STEP_BYTES)):
            length += len(piece)
            rest = unpacking.unconsumed_tail
    if length > most:
        raise ImageUnreadable("The picture carries a text that unpacks to far too much.")
    return length
