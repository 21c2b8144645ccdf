"""Pictures with too much, or something broken, beside their pixels."""

import struct

from support.hostile_pictures.build import (
    chunk,
    deflated,
    exif,
    exif_bomb,
    gif,
    jpeg_with,
    orientation,
    picture,
    png,
    random_bytes,
    segment,
    vp8x,
    webp,
)
from support.hostile_pictures.outcomes import OK, TOO_LARGE, UNREADABLE, UNSUPPORTED, Pictures

METADATA: Pictures = {
    "jpeg: 400,000 parts": (
        lambda: picture("JPEG", progressive=True)[:-2] + b"\xff\x01" * 400_000,
        {TOO_LARGE},
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
        lambda: jpeg_with(segment(0xE2, b"ICC_PROFILE\0\xff\0" + random_bytes(50_000))),
        {OK},
    ),
    "jpeg: junk between segments": (
        lambda: jpeg_with(segment(0xFE, b"x"), b"junk\xff\0junk\xff\xff\xff\xff"),
        {OK},
    ),
    "jpeg: junk at the end": (lambda: picture("JPEG") + random_bytes(500_000), {OK}),
    "jpeg: a web page at the end": (lambda: picture("JPEG") + b"<script>alert(1)</script>", {OK}),
    "jpeg: a web page in front": (lambda: b"<html></html>" + picture("JPEG"), {UNSUPPORTED}),
    "png: palette of 1 MB": (
        lambda: png(4, 4, 8, 3, chunk(b"PLTE", bytes(999_999))),
        {UNREADABLE, OK},
    ),
    "png: transparency of 1 MB": (
        lambda: png(4, 4, 8, 3, chunk(b"PLTE", b"abc"), chunk(b"tRNS", bytes(999_999))),
        {UNREADABLE, OK},
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
        lambda: png(4, 4, 8, 2, chunk(b"zTXt", b"a\0\0" + deflated(3 * 10**8))),
        {UNREADABLE},
    ),
    "png: 1,000 texts of 1 MB that end wrong": (
        lambda: png(4, 4, 8, 2, chunk(b"zTXt", b"a\0\0" + deflated(10**6)[:-1] + b"!") * 1000),
        {UNREADABLE},
    ),
    "png: 80,000 texts of nothing": (
        lambda: png(4, 4, 8, 2, chunk(b"zTXt", b"") * 80_000),
        {UNREADABLE},
    ),
    "png: colour profile of 100 MB": (
        lambda: png(4, 4, 8, 2, chunk(b"iCCP", b"a\0\0" + deflated(10**8))),
        {UNREADABLE},
    ),
    "png: international text of 100 MB": (
        lambda: png(4, 4, 8, 2, chunk(b"iTXt", b"a\0\1\0\0\0" + deflated(10**8))),
        {UNREADABLE},
    ),
    "png: exif of 65,535 entries, 1 MB each": (
        lambda: png(4, 4, 8, 2, chunk(b"eXIf", exif_bomb(65_535, 1_000_000)[6:])),
        {OK},
    ),
    "png: frames out of order": (
        lambda: png(
            4, 4, 8, 2, chunk(b"acTL", b"\0\0\0\2\0\0\0\0"), after=chunk(b"fdAT", b"\0\0\0\7x")
        ),
        {OK},
    ),
    "gif: comment of 3 million blocks": (
        lambda: gif(b"\x21\xfe" + b"\x01x" * 3_000_000 + b"\0"),
        {UNREADABLE},
    ),
    "gif: 100,000 comments": (lambda: gif(b"\x21\xfe\x01x\0" * 100_000), {UNREADABLE}),
    "webp: chunk of 4 GB": (
        lambda: webp(vp8x(8, 8)) + b"ABCD\xff\xff\xff\xff",
        {UNREADABLE},
    ),
    "webp: exif of 65,535 entries, 1 MB each": (
        lambda: webp(
            vp8x(64, 48, 8),
            (b"VP8L", picture("WEBP", lossless=True)[20:]),
            (b"EXIF", exif_bomb(65_535, 1_000_000)),
        ),
        {OK},
    ),
    "heic: 4 GB of boxes": (
        lambda: b"\xff\xff\xff\xffftypheic\0\0\0\0" + b"\xff\xff\xff\xffmeta" * 1000,
        {UNREADABLE},
    ),
}
