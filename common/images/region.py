"""Describes a part of the upright picture, in shares of its width and height."""

import math
import re
from dataclasses import dataclass
from typing import Self

_NUMBER = r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
PATTERN = f"^{_NUMBER}(?:,{_NUMBER}){{3}}$"
"""What `Region.parse` reads, as a regular expression."""
FORM = "must be x,y,w,h in shares of 1, inside the picture: 0.25,0.1,0.5,0.5 for example"
_ROUNDING = 1e-3
"""How far outside of the picture a share may lie that was rounded to three digits."""


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle: its upper left corner and its size, each value 0..1."""

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `x,y,w,h`.

        Raises:
            ValueError: not four numbers, no area, or not inside the picture.
        """
        if not re.fullmatch(PATTERN, text):
            raise ValueError(FORM)
        x, y, width, height = map(float, text.split(","))
        right, bottom = x + width, y + height
        inside = min(x, y) >= -_ROUNDING and max(right, bottom) <= 1 + _ROUNDING
        if not (inside and width > 0 and height > 0 and x < 1 and y < 1 and right > 0 < bottom):
            raise ValueError(FORM)
        x, y = max(x, 0.0), max(y, 0.0)
        return cls(x, y, min(right, 1.0) - x, min(bottom, 1.0) - y)

    def as_stored(self, orientation: int) -> "Region":
        """The same part of the picture as it is stored in the file.

        Args:
            orientation: EXIF orientation (1 to 8), which says how the stored picture is turned.
        """
        right, bottom = 1 - self.x - self.width, 1 - self.y - self.height  # distances to the edges
        x = right if orientation in (2, 3, 6, 7) else self.x
        y = bottom if orientation in (3, 4, 7, 8) else self.y
        if orientation < 5:
            return Region(x, y, self.width, self.height)
        return Region(y, x, self.height, self.width)

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The region in pixels: its left, upper, right and lower edge; at least one pixel.

        Args:
            width: of the whole picture, in pixels.
            height: of the whole picture.
        """
        left, right = _edges(self.x, self.width, width)
        upper, lower = _edges(self.y, self.height, height)
        return left, upper, right, lower


WHOLE = Region(0.0, 0.0, 1.0, 1.0)


def _edges(start: float, share: float, pixels: int) -> tuple[int, int]:
    first = min(max(math.floor(start * pixels + 0.5), 0), pixels - 1)
    return first, min(max(math.floor((start + share) * pixels + 0.5), first + 1), pixels)
