"""Makes picture files piece by piece, so that every piece can be wrong."""

import io
import struct
import zlib
from functools import cache

import numpy as np
from PIL import Image


def gradient(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Red grows to the right, green downwards."""
    y, x = np.mgrid[0:height, 0:width]
    red, green = x * 255 // max(width - 1, 1), y * 255 // max(height - 1, 1)
    pixels = np.stack([red, green, np.full_like(red, 64)], -1).astype(np.uint8)
    return Image.fromarray(pixels).convert(mode)


@cache
def picture(kind: str, width: int = 64, height: int = 48, **options: object) -> bytes:
    """An ordinary picture, as Pillow writes it."""
    out = io.BytesIO()
    gradient(width, height).save(out, kind, **options)
    return out.getvalue()


@cache
def plain(kind: str, width: int, height: int, **options: object) -> bytes:
    """A large picture of one colour, which is quickly made."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "green").save(out, kind, **options)
    return out.getvalue()


# --- JPEG ---


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg_with(*segments: bytes, jpeg: bytes | None = None) -> bytes:
    """A JPEG with segments put in front of all others."""
    jpeg = jpeg or picture("JPEG")
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def jpeg_sized(width: int, height: int, jpeg: bytes | None = None) -> bytes:
    """A JPEG that says it has another size."""
    data = bytearray(jpeg or picture("JPEG"))
    at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def scan_bomb(side: int, scans: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again (LJT-01-003)."""
    data = picture("JPEG", side, side, progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * scans + data[-2:]


def exif(*entries: tuple[int, int, int, int], extra: bytes = b"", order: str = "<") -> bytes:
    """An EXIF block with one directory."""
    head = b"II*\0" if order == "<" else b"MM\0*"
    body = b"".join(struct.pack(order + "HHII", *entry) for entry in entries)
    directory = struct.pack(order + "H", len(entries)) + body + b"\0\0\0\0"
    return b"Exif\0\0" + head + struct.pack(order + "I", 8) + directory + extra


def orientation(value: int, order: str = "<") -> bytes:
    stored = value if order == "<" else value << 16
    return segment(0xE1, exif((0x0112, 3, 1, stored), order=order))


def exif_bomb(entries: int, count: int) -> bytes:
    """Many entries of the directory, all of them the same long value."""
    block = exif(*((i + 1, 1, count, 8) for i in range(entries)))
    return block + bytes(max(0, count - len(block) + 14))


# --- PNG ---


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    width: int = 4,
    height: int = 4,
    depth: int = 8,
    colour: int = 2,
    *before: bytes,
    pixels: bytes | None = None,
    interlace: int = 0,
    after: bytes = b"",
) -> bytes:
    """A PNG chunk by chunk; black unless `pixels` (compressed) says otherwise."""
    if pixels is None:
        channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 1)
        pixels = zlib.compress(bytes(height * (1 + -(-width * channels * depth // 8))))
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    parts = [chunk(b"IHDR", head), *before, chunk(b"IDAT", pixels), after, chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


# --- GIF ---

GIF_IMAGE = b"\x2c" + struct.pack("<HHHHB", 0, 0, 4, 4, 0) + b"\x02\x05\x84\x8f\xa9\xcb\x05\0"


def gif(*blocks: bytes, width: int = 4, height: int = 4, image: bytes = GIF_IMAGE) -> bytes:
    """A GIF with four grey values."""
    palette = bytes(value for value in (0, 85, 170, 255) for _ in range(3))
    screen = struct.pack("<HHBBB", width, height, 0x81, 0, 0)
    return b"GIF89a" + screen + palette + b"".join(blocks) + image + b"\x3b"


# --- WebP, AVIF, HEIC ---


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def vp8x(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X", bytes([flags, 0, 0, 0]) + size


def avif_sized(width: int, height: int, data: bytes | None = None) -> bytes:
    """An AVIF whose container says that it has another size than its pixels."""
    data = data or picture("AVIF")
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


def random_bytes(length: int) -> bytes:
    return np.random.RandomState(5).bytes(length)


@cache
def deflated(length: int) -> bytes:
    """So many zeros, compressed without ever holding them."""
    compressor, block = zlib.compressobj(9), bytes(10**6)
    whole, rest = divmod(length, len(block))
    parts = [compressor.compress(block) for _ in range(whole)]
    return b"".join([*parts, compressor.compress(block[:rest]), compressor.flush()])
