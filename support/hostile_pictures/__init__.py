"""Files made to break a decoder, drawn by the code itself. For tests and benchmarks."""

from support.hostile_pictures.build import (
    avif_sized,
    chunk,
    gradient,
    jpeg_with,
    orientation,
    picture,
    plain,
    png,
    scan_bomb,
    segment,
)
from support.hostile_pictures.damaged import DAMAGED
from support.hostile_pictures.metadata import METADATA
from support.hostile_pictures.other_kinds import OTHER_KINDS
from support.hostile_pictures.outcomes import OK, TOO_LARGE, UNREADABLE, UNSUPPORTED
from support.hostile_pictures.oversized import OVERSIZED

__all__ = [
    "HOSTILE",
    "OK",
    "OTHER_KINDS",
    "TOO_LARGE",
    "UNREADABLE",
    "UNSUPPORTED",
    "avif_sized",
    "chunk",
    "gradient",
    "jpeg_with",
    "orientation",
    "picture",
    "plain",
    "png",
    "scan_bomb",
    "segment",
]

HOSTILE = DAMAGED | OVERSIZED | METADATA
