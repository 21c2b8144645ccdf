"""One photo, disturbed more and more: until when is a model right?"""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from train.measure import disturbances


@dataclass(frozen=True)
class Row:
    """A way to disturb a photo, and how much."""

    name: str
    steps: dict[str, float]
    """What a strength is called -> the strength, the weakest first."""
    disturb: Callable[[Image.Image, float], Image.Image]


def _parts(*shares: int) -> dict[str, float]:
    return {f"1/{share}": 1 / share for share in shares}


ROWS = (
    Row("turned, degrees", {str(d): d for d in (15, 30, 45, 90, 135, 180)}, disturbances.turned),
    Row("longer side, pixels", {str(p): p for p in (96, 48, 32, 24, 16, 10)}, disturbances.small),
    Row("blurred, of the side", _parts(150, 70, 40, 25, 15, 8), disturbances.blurred),
    Row("light", _parts(4, 8, 16, 32, 64, 128), disturbances.dark),
    Row("JPEG quality", {str(q): q for q in (20, 10, 5, 3, 2, 1)}, disturbances.compressed),
    Row("far away, of the frame", _parts(2, 3, 4, 6, 8, 12), disturbances.far),
    Row("close, of the photo", _parts(2, 3, 4, 5, 6, 8), disturbances.close),
)
