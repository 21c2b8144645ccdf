"""Files that are cut, empty, or break the rules of their format."""

import zlib

from support.hostile_pictures.build import (
    GIF_IMAGE,
    chunk,
    gif,
    jpeg_with,
    picture,
    png,
    random_bytes,
    segment,
    vp8x,
    webp,
)
from support.hostile_pictures.outcomes import OK, TOO_LARGE, UNREADABLE, UNSUPPORTED, Pictures

DAMAGED: Pictures = {
    "empty": (lambda: b"", {UNREADABLE}),
    "one byte": (lambda: b"\xff", {UNSUPPORTED}),
    "zeros": (lambda: bytes(1_000_000), {UNSUPPORTED}),
    "random bytes": (lambda: random_bytes(100_000), {UNSUPPORTED}),
    "text": (lambda: b"I am a cat.", {UNSUPPORTED}),
    "jpeg: three bytes": (lambda: b"\xff\xd8\xff", {UNREADABLE}),
    "jpeg: start and end": (lambda: b"\xff\xd8\xff\xd9", {UNREADABLE}),
    "jpeg: then random bytes": (lambda: b"\xff\xd8\xff" + random_bytes(100_000), {UNREADABLE}),
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
    "png: eight bytes": (lambda: b"\x89PNG\r\n\x1a\n", {UNREADABLE}),
    "png: cut": (lambda: picture("PNG", 200, 200)[:-100], {UNREADABLE}),
    "png: no pixels": (lambda: png(pixels=b""), {UNREADABLE}),
    "png: random pixels": (lambda: png(pixels=random_bytes(1000)), {UNREADABLE}),
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
    "png: transparency of 16 bits": (
        lambda: png(4, 4, 16, 2, chunk(b"tRNS", b"\1\2\3\4\5\6")),
        {OK},
    ),
    "gif: six bytes": (lambda: b"GIF89a", {UNREADABLE}),
    "gif: no frame": (lambda: gif(image=b""), {UNREADABLE}),
    "gif: cut in the pixels": (lambda: gif()[:-6], {UNREADABLE}),
    "gif: code size 13": (
        lambda: gif(image=GIF_IMAGE[:10] + b"\x0d" + GIF_IMAGE[11:]),
        {UNREADABLE},
    ),
    "webp: twelve bytes": (lambda: b"RIFF\4\0\0\0WEBP", {UNREADABLE}),
    "webp: cut": (lambda: picture("WEBP")[:-40], {UNREADABLE}),
    "webp: animation without frames": (
        lambda: webp(vp8x(8, 8, 2), (b"ANIM", bytes(6))),
        {UNREADABLE},
    ),
    "webp: then random bytes": (
        lambda: b"RIFF\xff\xff\xff\x7fWEBPVP8L" + random_bytes(50_000),
        {UNREADABLE, TOO_LARGE},
    ),
    "avif: only a name": (lambda: b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", {UNREADABLE}),
    "avif: then random bytes": (
        lambda: b"\0\0\0\x18ftypavif\0\0\0\0avifmif1" + random_bytes(50_000),
        {UNREADABLE},
    ),
    "avif: cut": (lambda: picture("AVIF")[:-50], {UNREADABLE}),
    "heic: only a name": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", {UNREADABLE}),
    "heic: random bytes": (
        lambda: (
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\x14ispe\0\0\0\0\0\0\0\x40\0\0\0\x40"
            + random_bytes(50_000)
        ),
        {UNREADABLE},
    ),
}
