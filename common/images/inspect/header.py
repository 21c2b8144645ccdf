"""What a picture's header says, and the limits it has to keep."""

from dataclasses import dataclass

from common.errors import ImageTooLarge, ImageUnreadable

MAX_PIXELS = 50_000_000
"""Largest width x height: more than nearly every phone takes, 200 MB at four bytes a pixel."""
MAX_SIDE = 30_000
"""Largest width or height."""
MAX_SCAN_PIXELS = 2_000_000_000
"""Scans x pixels of a JPEG: about 0.75 ns each. A usual progressive file has ten scans."""
MAX_PARTS = 20_000
"""Segments, chunks or blocks beside the pixels."""
MAX_TEXT_BYTES = 1_000_000
"""What a PNG's compressed texts and colour profile may unpack to."""
MIN_TEXT_BYTES = 1000
"""What each of them counts at least."""

# Above these a picture is decoded in a process that can be killed (`common.images.sandbox`).
SANDBOX_PIXELS = 16_000_000
SANDBOX_SCAN_PIXELS = 200_000_000

# Bytes of memory per pixel while decoding: measured with Pillow 13.0.0 and pillow-heif 1.8.1,
# rounded up.
_BYTES_PER_PIXEL = {"JPEG": 4.0, "PNG": 4.0, "GIF": 4.0, "WEBP": 18.0, "AVIF": 12.0, "HEIC": 8.0}

ACCEPTED = "JPEG, PNG, WebP, GIF, AVIF or HEIC"


@dataclass(frozen=True, slots=True)
class Header:
    """What the header says, and the file's bytes with metadata removed."""

    format: str
    """`JPEG`, `PNG`, `WEBP`, `GIF`, `AVIF` or `HEIC`."""
    width: int
    """In pixels, as stored: before it is turned upright."""
    height: int
    data: bytes
    """What the decoder gets."""
    orientation: int = 1
    """EXIF orientation, 1 to 8."""
    coefficients: int = 0
    """Bytes of a JPEG's coefficients where all are in memory at once (progressive), else 0."""
    needs_sandbox: bool = False
    """May need far more time or memory than the header shows."""
    rgb: bool = False
    """A JPEG of three components of 8 bits, as nearly all are."""

    def reduction(self, width: int, height: int) -> int:
        """The scale at which to decode for width x height: 1, 1/2, 1/4 or 1/8, as 1, 2, 4 or 8.

        Only JPEGs can be decoded at a reduced scale; the rule is that of Pillow's `draft`.
        """
        most = min(self.width // width, self.height // height) if self.format == "JPEG" else 1
        return next((scale for scale in (8, 4, 2) if scale <= most), 1)

    def memory(self, width: int, height: int) -> int:
        """Bytes of memory that decoding to width x height takes at most."""
        pixels = self.width * self.height / self.reduction(width, height) ** 2
        return int(pixels * _BYTES_PER_PIXEL[self.format]) + self.coefficients


def check_size(width: int, height: int) -> None:
    """Refuse a picture without pixels or with too many.

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
    """The error for a file that breaks the rules of its format."""
    return ImageUnreadable("The picture is damaged and cannot be read.")
