"""Pictures with more pixels, frames or scans than are allowed, or that say so."""

import struct
import zlib

from support.hostile_pictures.build import (
    GIF_IMAGE,
    avif_sized,
    chunk,
    gif,
    jpeg_sized,
    picture,
    plain,
    png,
    scan_bomb,
    vp8x,
    webp,
)
from support.hostile_pictures.outcomes import OK, TOO_LARGE, UNREADABLE, Pictures

OVERSIZED: Pictures = {
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
    "jpeg: progressive 4:4:4 of 49 megapixels": (
        lambda: plain("JPEG", 7000, 7000, progressive=True, subsampling=0),
        {OK},
    ),
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
    "png: too few pixels": (lambda: png(pixels=zlib.compress(bytes(10))), {UNREADABLE}),
    "png: 200 MB where 52 bytes belong": (
        lambda: png(pixels=zlib.compress(bytes(200_000_000), 9)),
        {OK, UNREADABLE},
    ),
    "png: says it has 4 billion frames": (
        lambda: png(4, 4, 8, 2, chunk(b"acTL", b"\xff\xff\xff\xff\0\0\0\0")),
        {OK},
    ),
    "gif: 65535 x 65535": (lambda: gif(width=65535, height=65535), {TOO_LARGE}),
    "gif: 0 x 0": (lambda: gif(width=0, height=0), {OK}),
    "gif: frame of 65535 x 65535": (
        lambda: gif(image=b"\x2c" + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + GIF_IMAGE[10:]),
        {TOO_LARGE},
    ),
    "gif: frame far outside": (
        lambda: gif(image=b"\x2c" + struct.pack("<HHHHB", 65000, 65000, 9, 9, 0) + GIF_IMAGE[10:]),
        {TOO_LARGE},
    ),
    "gif: 7000 x 7000, pixels missing": (
        lambda: gif(
            width=7000,
            height=7000,
            image=b"\x2c" + struct.pack("<HHHHB", 0, 0, 7000, 7000, 0) + GIF_IMAGE[10:],
        ),
        {UNREADABLE},
    ),
    "gif: 20,000 frames": (lambda: gif(image=GIF_IMAGE * 20_000), {OK}),
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
    "avif: says 20000 x 20000": (lambda: avif_sized(20_000, 20_000), {TOO_LARGE}),
    "avif: says 6000 x 6000": (lambda: avif_sized(6_000, 6_000), {TOO_LARGE}),
    "avif: says 5000 x 5000": (lambda: avif_sized(5_000, 5_000), {UNREADABLE, OK}),
    "avif: larger inside than outside": (
        lambda: avif_sized(8, 8, plain("AVIF", 8000, 8000, speed=10)),
        {UNREADABLE},
    ),
}
