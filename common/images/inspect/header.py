"""Describes what is read from a picture's header, and its limits."""

from dataclasses import dataclass

from common.errors import ImageUnreadable

MAX_PARTS = 20_000
"""How many segments, chunks or blocks a file may have beside its pixels."""

SANDBOX_PIXELS = 16_000_000
"""A picture of more is decoded in a process that can be killed (`common.images.sandbox`)."""
ACCEPTED = "JPEG, PNG, WebP, GIF, AVIF or HEIC"


@dataclass(frozen=True, slots=True)
class Header:
    """What the header says, and the bytes for the decoder."""

    format: str
    """`JPEG`, `PNG`, `WEBP`, `GIF`, `AVIF` or `HEIC`."""
    width: int
    """In pixels, as stored: before it is turned upright."""
    height: int
    data: bytes
    """The file without its metadata."""
    orientation: int = 1
    """EXIF orientation, 1 to 8."""
    coefficients: int = 0
    """Bytes of a JPEG's coefficients where all are in memory at once (progressive), else 0."""
    needs_sandbox: bool = False
    """It may take far more time or memory than the header shows."""
    rgb: bool = False
    """It is a JPEG of three components of 8 bits, as nearly all are."""


def damaged() -> ImageUnreadable:
    """The error for a file that breaks the rules of its format."""
    return ImageUnreadable("The picture is damaged and cannot be read.")
