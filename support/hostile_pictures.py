"""Files made to break a decoder, drawn by the code itself. For tests and the benchmark."""

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image

OK = "ok"
UNREADABLE = "ImageUnreadable"
TOO_LARGE = "ImageTooLarge"
UNSUPPORTED = "ImageTypeUnsupported"


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

_GIF_IMAGE = b"\x2c" + struct.pack("<HHHHB", 0, 0, 4, 4, 0) + b"\x02\x05\x84\x8f\xa9\xcb\x05\0"


def gif(*blocks: bytes, width: int = 4, height: int = 4, image: bytes = _GIF_IMAGE) -> bytes:
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


def _random(length: int) -> bytes:
    return np.random.RandomState(5).bytes(length)


HOSTILE: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    # name -> how it is made, what may come of it
    "empty": (lambda: b"", {UNREADABLE}),
    "one byte": (lambda: b"\xff", {UNSUPPORTED}),
    "zeros": (lambda: bytes(1_000_000), {UNSUPPORTED}),
    "random bytes": (lambda: _random(100_000), {UNSUPPORTED}),
    "text": (lambda: b"I am a cat.", {UNSUPPORTED}),
    # JPEG
    "jpeg: three bytes": (lambda: b"\xff\xd8\xff", {UNREADABLE}),
    "jpeg: start and end": (lambda: b"\xff\xd8\xff\xd9", {UNREADABLE}),
    "jpeg: then random bytes": (lambda: b"\xff\xd8\xff" + _random(100_000), {UNREADABLE}),
    "jpeg: cut in the header": (lambda: picture("JPEG")[:100], {UNREADABLE}),
    "jpeg: cut in the pixels": (lambda: picture("JPEG")[:-200], {UNREADABLE}),
    "jpeg: no tables": (
        lambda: b"\xff\xd8" + picture("JPEG")[picture("JPEG").index(b"\xff\xc0") :],
        {UNREADABLE, OK},
    ),
    "jpeg: no pixels": (
        lambda: picture("JPEG")[: picture("JPEG").index(b"\xff\xda")] + b"\xff\xd9",
        {UNREADABLE},
    ),
    "jpeg: no frame": (
        lambda: b"\xff\xd8" + picture("JPEG")[picture("JPEG").index(b"\xff\xda") :],
        {UNREADABLE},
    ),
    "jpeg: two frames": (
        lambda: jpeg_with(segment(0xC0, b"\x08\0\x08\0\x08\x01\x01\x11\0")),
        {UNREADABLE},
    ),
    "jpeg: frame of length 0": (lambda: jpeg_with(segment(0xC0, b"")), {UNREADABLE}),
    "jpeg: segment of length 0": (lambda: jpeg_with(b"\xff\xe1\0\0"), {UNREADABLE, OK}),
    "jpeg: no components": (
        lambda: jpeg_with(segment(0xC0, b"\x08\0\x08\0\x08\0")),
        {UNREADABLE},
    ),
    "jpeg: two scans, no components": (
        lambda: (
            b"\xff\xd8"
            + segment(0xC2, b"\x08\0\x08\0\x08\0")
            + segment(0xDA, b"\0\0\x3f\0") * 2
            + b"\xff\xd9"
        ),
        {UNREADABLE},
    ),
    "jpeg: 65535 x 65535": (lambda: jpeg_sized(65535, 65535), {TOO_LARGE}),
    "jpeg: 65535 x 1": (lambda: jpeg_sized(65535, 1), {TOO_LARGE}),
    "jpeg: 0 x 0": (lambda: jpeg_sized(0, 0), {UNREADABLE}),
    "jpeg: says 7000 x 7000": (lambda: jpeg_sized(7000, 7000), {UNREADABLE, OK}),
    "jpeg: progressive, says 7000 x 7000": (
        lambda: jpeg_sized(7000, 7000, picture("JPEG", progressive=True)),
        {UNREADABLE, OK},
    ),
    "jpeg: 1000 scans of 4 megapixels": (lambda: scan_bomb(2000, 1000), {TOO_LARGE}),
    "jpeg: 300 scans of 4 megapixels": (lambda: scan_bomb(2000, 300), {OK}),
    "jpeg: 400,000 parts": (
        lambda: picture("JPEG", progressive=True)[:-2] + b"\xff\x01" * 400_000,
        {TOO_LARGE},
    ),
    "jpeg: progressive 4:4:4 of 49 megapixels": (
        lambda: plain("JPEG", 7000, 7000, progressive=True, subsampling=0),
        {OK},
    ),
    "jpeg: 100,000 comments": (lambda: jpeg_with(segment(0xFE, b"x") * 100_000), {UNREADABLE}),
    "jpeg: 10,000 comments": (lambda: jpeg_with(segment(0xFE, b"x") * 10_000), {OK}),
    "jpeg: exif of 5,400 entries, 60 kB each": (
        lambda: jpeg_with(segment(0xE1, exif_bomb(5000, 59_000)[:65_000])),
        {OK},
    ),
    "jpeg: exif that points to itself": (
        lambda: jpeg_with(segment(0xE1, exif((0x8769, 4, 1, 8), (0x0112, 3, 1, 1)))),
        {OK},
    ),
    "jpeg: exif that points outside": (
        lambda: jpeg_with(segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff")),
        {OK},
    ),
    "jpeg: orientation 9": (lambda: jpeg_with(orientation(9)), {OK}),
    "jpeg: orientation 0": (lambda: jpeg_with(orientation(0)), {OK}),
    "jpeg: says it has 60,000 more pictures": (
        lambda: jpeg_with(
            segment(0xE2, b"MPF\0II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 0xB001, 4, 1, 60_000))
        ),
        {OK},
    ),
    "jpeg: broken Photoshop block": (
        lambda: jpeg_with(segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\xff")),
        {OK},
    ),
    "jpeg: broken colour profile": (
        lambda: jpeg_with(segment(0xE2, b"ICC_PROFILE\0\xff\0" + _random(50_000))),
        {OK},
    ),
    "jpeg: junk between segments": (
        lambda: jpeg_with(segment(0xFE, b"x"), b"junk\xff\0junk\xff\xff\xff\xff"),
        {OK},
    ),
    "jpeg: junk at the end": (lambda: picture("JPEG") + _random(500_000), {OK}),
    "jpeg: a web page at the end": (lambda: picture("JPEG") + b"<script>alert(1)</script>", {OK}),
    "jpeg: a web page in front": (lambda: b"<html></html>" + picture("JPEG"), {UNSUPPORTED}),
    # PNG
    "png: eight bytes": (lambda: b"\x89PNG\r\n\x1a\n", {UNREADABLE}),
    "png: cut": (lambda: picture("PNG", 200, 200)[:-100], {UNREADABLE}),
    "png: 100000 x 100000": (lambda: png(100_000, 100_000, pixels=b""), {TOO_LARGE}),
    "png: 2147483647 x 2147483647": (lambda: png(2**31 - 1, 2**31 - 1, pixels=b""), {TOO_LARGE}),
    "png: 10000 x 10000, all there": (
        lambda: png(10_000, 10_000, 1, 0),
        {TOO_LARGE},
    ),
    "png: 7000 x 7000 with alpha, all there": (lambda: png(7000, 7000, 8, 6), {OK}),
    "png: 5000 x 5000 of 16 bits with alpha": (lambda: png(5000, 5000, 16, 6), {OK}),
    "png: 40000 x 1": (lambda: png(40_000, 1), {TOO_LARGE}),
    "png: 0 x 0": (lambda: png(0, 0, pixels=zlib.compress(b"")), {UNREADABLE}),
    "png: no pixels": (lambda: png(pixels=b""), {UNREADABLE}),
    "png: too few pixels": (lambda: png(pixels=zlib.compress(bytes(10))), {UNREADABLE}),
    "png: 200 MB where 52 bytes belong": (
        lambda: png(pixels=zlib.compress(bytes(200_000_000), 9)),
        {OK, UNREADABLE},
    ),
    "png: random pixels": (lambda: png(pixels=_random(1000)), {UNREADABLE}),
    "png: filter 9": (lambda: png(pixels=zlib.compress(b"\x09" * 52)), {UNREADABLE, OK}),
    "png: 3 bits": (lambda: png(4, 4, 3, 0), {UNREADABLE}),
    "png: colour type 5": (lambda: png(4, 4, 8, 5), {UNREADABLE}),
    "png: palette without a palette": (lambda: png(4, 4, 8, 3), {UNREADABLE, OK}),
    "png: palette index out of range": (
        lambda: png(
            4, 4, 8, 3, chunk(b"PLTE", b"abc"), pixels=zlib.compress(b"\0\xff\xff\xff\xff" * 4)
        ),
        {UNREADABLE, OK},
    ),
    "png: palette of 1 MB": (
        lambda: png(4, 4, 8, 3, chunk(b"PLTE", bytes(999_999))),
        {UNREADABLE, OK},
    ),
    "png: transparency of 1 MB": (
        lambda: png(4, 4, 8, 3, chunk(b"PLTE", b"abc"), chunk(b"tRNS", bytes(999_999))),
        {UNREADABLE, OK},
    ),
    "png: transparency of 16 bits": (
        lambda: png(4, 4, 16, 2, chunk(b"tRNS", b"\1\2\3\4\5\6")),
        {OK},
    ),
    "png: chunk of 4 GB": (
        lambda: png()[:33] + b"\xff\xff\xff\xffteXt" + png()[33:],
        {UNREADABLE},
    ),
    "png: 300,000 chunks": (lambda: png(4, 4, 8, 2, chunk(b"abCd", b"") * 300_000), {UNREADABLE}),
    "png: 50,000 chunks of pixels": (
        lambda: png(4, 4, 8, 2, chunk(b"IDAT", b"") * 50_000),
        {OK},
    ),
    "png: text of 300 MB": (
        lambda: png(4, 4, 8, 2, chunk(b"zTXt", b"a\0\0" + _deflated(3 * 10**8))),
        {UNREADABLE},
    ),
    "png: 1,000 texts of 1 MB that end wrong": (
        lambda: png(4, 4, 8, 2, chunk(b"zTXt", b"a\0\0" + _deflated(10**6)[:-1] + b"!") * 1000),
        {UNREADABLE},
    ),
    "png: 80,000 texts of nothing": (
        lambda: png(4, 4, 8, 2, chunk(b"zTXt", b"") * 80_000),
        {UNREADABLE},
    ),
    "png: colour profile of 100 MB": (
        lambda: png(4, 4, 8, 2, chunk(b"iCCP", b"a\0\0" + _deflated(10**8))),
        {UNREADABLE},
    ),
    "png: international text of 100 MB": (
        lambda: png(4, 4, 8, 2, chunk(b"iTXt", b"a\0\1\0\0\0" + _deflated(10**8))),
        {UNREADABLE},
    ),
    "png: exif of 65,535 entries, 1 MB each": (
        lambda: png(4, 4, 8, 2, chunk(b"eXIf", exif_bomb(65_535, 1_000_000)[6:])),
        {OK},
    ),
    "png: says it has 4 billion frames": (
        lambda: png(4, 4, 8, 2, chunk(b"acTL", b"\xff\xff\xff\xff\0\0\0\0")),
        {OK},
    ),
    "png: frames out of order": (
        lambda: png(
            4, 4, 8, 2, chunk(b"acTL", b"\0\0\0\2\0\0\0\0"), after=chunk(b"fdAT", b"\0\0\0\7x")
        ),
        {OK},
    ),
    # GIF
    "gif: six bytes": (lambda: b"GIF89a", {UNREADABLE}),
    "gif: 65535 x 65535": (lambda: gif(width=65535, height=65535), {TOO_LARGE}),
    "gif: 0 x 0": (lambda: gif(width=0, height=0), {OK}),
    "gif: frame of 65535 x 65535": (
        lambda: gif(image=b"\x2c" + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + _GIF_IMAGE[10:]),
        {TOO_LARGE},
    ),
    "gif: frame far outside": (
        lambda: gif(image=b"\x2c" + struct.pack("<HHHHB", 65000, 65000, 9, 9, 0) + _GIF_IMAGE[10:]),
        {TOO_LARGE},
    ),
    "gif: no frame": (lambda: gif(image=b""), {UNREADABLE}),
    "gif: cut in the pixels": (lambda: gif()[:-6], {UNREADABLE}),
    "gif: 7000 x 7000, pixels missing": (
        lambda: gif(
            width=7000,
            height=7000,
            image=b"\x2c" + struct.pack("<HHHHB", 0, 0, 7000, 7000, 0) + _GIF_IMAGE[10:],
        ),
        {UNREADABLE},
    ),
    "gif: code size 13": (
        lambda: gif(image=_GIF_IMAGE[:10] + b"\x0d" + _GIF_IMAGE[11:]),
        {UNREADABLE},
    ),
    "gif: comment of 3 million blocks": (
        lambda: gif(b"\x21\xfe" + b"\x01x" * 3_000_000 + b"\0"),
        {UNREADABLE},
    ),
    "gif: 100,000 comments": (lambda: gif(b"\x21\xfe\x01x\0" * 100_000), {UNREADABLE}),
    "gif: 20,000 frames": (lambda: gif(image=_GIF_IMAGE * 20_000), {OK}),
    # WebP
    "webp: twelve bytes": (lambda: b"RIFF\4\0\0\0WEBP", {UNREADABLE}),
    "webp: cut": (lambda: picture("WEBP")[:-40], {UNREADABLE}),
    "webp: 16777216 x 16777216": (lambda: webp(vp8x(2**24, 2**24)), {TOO_LARGE}),
    "webp: 16383 x 16383": (
        lambda: webp((b"VP8 ", b"\x10\0\0\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(99))),
        {TOO_LARGE},
    ),
    "webp: 7000 x 7000, all there": (
        lambda: plain("WEBP", 7000, 7000, method=0),
        {TOO_LARGE},
    ),
    "webp: 4600 x 4600, all there": (
        lambda: plain("WEBP", 4600, 4600, method=0),
        {OK},
    ),
    "webp: larger inside than outside": (
        lambda: webp(vp8x(8, 8), (b"VP8L", picture("WEBP", 640, 480, lossless=True)[20:])),
        {UNREADABLE},
    ),
    "webp: animation without frames": (
        lambda: webp(vp8x(8, 8, 2), (b"ANIM", bytes(6))),
        {UNREADABLE},
    ),
    "webp: chunk of 4 GB": (
        lambda: webp(vp8x(8, 8)) + b"ABCD\xff\xff\xff\xff",
        {UNREADABLE},
    ),
    "webp: then random bytes": (
        lambda: b"RIFF\xff\xff\xff\x7fWEBPVP8L" + _random(50_000),
        {UNREADABLE, TOO_LARGE},
    ),
    "webp: exif of 65,535 entries, 1 MB each": (
        lambda: webp(
            vp8x(64, 48, 8),
            (b"VP8L", picture("WEBP", lossless=True)[20:]),
            (b"EXIF", exif_bomb(65_535, 1_000_000)),
        ),
        {OK},
    ),
    # AVIF and HEIC
    "avif: only a name": (lambda: b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", {UNREADABLE}),
    "avif: then random bytes": (
        lambda: b"\0\0\0\x18ftypavif\0\0\0\0avifmif1" + _random(50_000),
        {UNREADABLE},
    ),
    "avif: cut": (lambda: picture("AVIF")[:-50], {UNREADABLE}),
    "avif: says 20000 x 20000": (lambda: avif_sized(20_000, 20_000), {TOO_LARGE}),
    "avif: says 6000 x 6000": (lambda: avif_sized(6_000, 6_000), {TOO_LARGE}),
    "avif: says 5000 x 5000": (lambda: avif_sized(5_000, 5_000), {UNREADABLE, OK}),
    "avif: larger inside than outside": (
        lambda: avif_sized(8, 8, plain("AVIF", 8000, 8000, speed=10)),
        {UNREADABLE},
    ),
    "heic: only a name": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", {UNREADABLE}),
    "heic: random bytes": (
        lambda: (
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\x14ispe\0\0\0\0\0\0\0\x40\0\0\0\x40"
            + _random(50_000)
        ),
        {UNREADABLE},
    ),
    "heic: 4 GB of boxes": (
        lambda: b"\xff\xff\xff\xffftypheic\0\0\0\0" + b"\xff\xff\xff\xffmeta" * 1000,
        {UNREADABLE},
    ),
}


@cache
def _deflated(length: int) -> bytes:
    """So many zeros, compressed without ever holding them."""
    compressor, block = zlib.compressobj(9), bytes(10**6)
    whole, rest = divmod(length, len(block))
    parts = [compressor.compress(block) for _ in range(whole)]
    return b"".join([*parts, compressor.compress(block[:rest]), compressor.flush()])


# Pictures and documents of other kinds, and the name under which each is refused.
OTHER_KINDS: dict[str, tuple[Callable[[], bytes], str]] = {
    "tiff": (lambda: picture("TIFF"), "TIFF"),
    "big-endian tiff": (lambda: b"MM\0*\0\0\0\x08" + bytes(50), "TIFF"),
    "BigTIFF": (lambda: b"II+\0\x08\0\0\0" + bytes(50), "TIFF"),
    "bmp": (lambda: picture("BMP"), "BMP"),
    "ico": (lambda: picture("ICO"), "ICO"),
    "eps": (lambda: picture("EPS"), "EPS"),
    "postscript": (lambda: b"%!PS\n(/etc/passwd) (r) file", "PostScript"),
    "pdf": (lambda: picture("PDF"), "PDF"),
    "psd": (lambda: b"8BPS\0\1" + bytes(50), "Photoshop"),
    "jpeg 2000": (lambda: picture("JPEG2000"), "JPEG 2000"),
    "jpeg 2000 codestream": (lambda: b"\xff\x4f\xff\x51" + bytes(50), "JPEG 2000"),
    "jpeg xl": (lambda: b"\xff\x0a" + bytes(50), "JPEG XL"),
    "ppm": (lambda: picture("PPM"), "PNM"),
    "pcx": (lambda: picture("PCX"), "PCX"),
    "dds": (lambda: picture("DDS"), "DDS"),
    "qoi": (lambda: b"qoif" + bytes(50), "QOI"),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    "svg with a prologue": (
        lambda: (
            b'\xef\xbb\xbf<?xml version="1.0"?>\n<!DOCTYPE svg [<!ENTITY x SYSTEM '
            b'"file:///etc/passwd">]>\n<svg:svg>&x;</svg:svg>'
        ),
        "SVG",
    ),
    "web page": (lambda: b"\n<!DOCTYPE html><html><body>cat</body></html>", "web page"),
    "mp4": (lambda: b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(50), "video"),
    "webm": (lambda: b"\x1aE\xdf\xa3" + bytes(50), "video"),
    "zip": (lambda: b"PK\x03\x04" + bytes(50), "archive"),
    "gzip": (lambda: b"\x1f\x8b\x08" + bytes(50), "archive"),
    "mp3": (lambda: b"ID3\x04" + bytes(50), "sound"),
}
