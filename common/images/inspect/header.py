"""What a file says of itself, and the limits that are held against it."""

from dataclasses import dataclass

from common.errors import ImageTooLarge, ImageUnreadable

MAX_PIXELS = 50_000_000
"""Largest width x height: above nearly every phone's, and 200 MB at four bytes a pixel."""
MAX_SIDE = 30_000
"""Largest width or height."""
MAX_SCAN_PIXELS = 2_000_000_000
"""Scans x pixels of a JPEG: about 0.75 ns each. A usual progressive one has ten scans."""
MAX_PARTS = 20_000
"""Segments, chunks or blocks beside the pixels."""
MAX_TEXT_BYTES = 1_000_000
"""What a PNG's compressed texts and colour profile may unpack to."""
MIN_TEXT_BYTES = 1000
"""As which each of them counts at least."""

# Above these a picture is decoded where it can be stopped (`common.images.sandbox`).
SUSPICIOUS_PIXELS = 16_000_000
SUSPICIOUS_SCAN_PIXELS = 200_000_000

# Bytes that decoding needs for a pixel: as measured with Pillow 13.0.0 and pillow-heif 1.8.1, and a
# little more.
_BYTES_PER_PIXEL = {"JPEG": 4.0, "PNG": 4.0, "GIF": 4.0, "WEBP": 18.0, "AVIF": 12.0, "HEIC": 8.0}

ACCEPTED = "JPEG, PNG, WebP, GIF, AVIF or HEIC"


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself, and the file without what it says in vain."""

    format: str
    """`JPEG`, `PNG`, `WEBP`, `GIF`, `AVIF` or `HEIC`."""
    width: int
    """As stored, before it is turned upright, in pixels."""
    height: int
    data: bytes
    """What the decoder gets."""
    orientation: int = 1
    """EXIF orientation, 1 to 8."""
    coefficients: int = 0
    """Bytes of a JPEG's coefficients, if all of them are held at once (progressive)."""
    suspicious: bool = False
    """May need far more time or memory than it shows."""
    rgb: bool = False
    """A JPEG of three components of 8 bits, as nearly all are."""

    def reduction(self, width: int, height: int) -> int:
        """1, 2, 4 or 8: the part at which to decode, where width x height are wanted.

        Only JPEGs can be decoded at less than their size; by the rule of PIL's `draft`.
        """
        room = min(self.width // width, self.height // height) if self.format == "JPEG" else 1
        return next((part for part in (8, 4, 2) if part <= room), 1)

    def memory(self, width: int, height: int) -> int:
        """Bytes that decoding takes at most, where width x height are wanted."""
        pixels = self.width * self.height / self.reduction(width, height) ** 2
        return int(pixels * _BYTES_PER_PIXEL[self.format]) + self.coefficients


def check_size(width: int, height: int) -> None:
    """Refuse what has no pixels or too many of them.

    Raises:
        ImageUnreadable, ImageTooLarge.
    """
    if width <= 0 or height <= 0:
        raise ImageUnreadable("The picture is damaged: its width or height is zero.")
    if width * height > MAX_PIXELS:
        raise ImageTooLarge(
            f"The picture has {width * height / 1e6:.0f} megapixels; "
            f"at most {MAX_PIXELS // 1_000_000} are accepted."
        )
    if max(width, height) > MAX_SIDE:
        raise ImageTooLarge(f"The picture has a side of more than {MAX_SIDE} pixels.")


def damaged() -> ImageUnreadable:
    return ImageUnreadable("The picture is damaged and cannot be read.")
