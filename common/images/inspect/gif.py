"""Reads GIF headers (GIF89a specification)."""

import struct

from common.images.inspect.header import MAX_PARTS, SANDBOX_PIXELS, Header, damaged


def inspect(data: bytes) -> Header:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    position = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    start, control = data[:position], b""
    for _ in range(MAX_PARTS):
        block = data[position]
        if block == 0x2C:
            left, top, frame_width, frame_height = struct.unpack_from("<HHHH", data, position + 1)
            width, height = max(width, left + frame_width), max(height, top + frame_height)
            if not frame_width or not frame_height:
                width = 0
            return Header(
                "GIF",
                width,
                height,
                start + control + data[position:],
                needs_sandbox=width * height > SANDBOX_PIXELS,
            )
        if block == 0x3B:
            break
        if block == 0x21:
            end = _after_blocks(data, position + 2)
            if data[position + 1] == 0xF9:
                control = data[position:end]
            position = end
        else:
            position += 1
    raise damaged()


def _after_blocks(data: bytes, position: int) -> int:
    for _ in range(MAX_PARTS * 5):
        length = data[position]
        position += 1 + length
        if not length:
            return position
    raise damaged()
