"""The photos that every server in a comparison is sent: real ones, or else drawn."""

import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("DOGORCAT_SHARED", ROOT.parent / "shared"))
FOLDER = SHARED / "data" / "kaggle_cat_dog" / "validation"
COUNT = 24
"""Photos of each kind that are sent in turns."""
PHONE = (4032, 3024)
"""Width and height of a 12-megapixel photo."""


@dataclass(frozen=True)
class PhotoSet:
    """Photos of one kind, as files."""

    name: str
    files: list[bytes]


def small(count: int = COUNT) -> PhotoSet:
    """Photos of 500×375 pixels, the most frequent size of the validation split."""
    real = []
    for file in sorted(FOLDER.glob("*/*.jpg")):
        with Image.open(file) as image:
            if image.size in {(500, 375), (499, 375), (500, 374), (499, 374)}:
                real.append(file.read_bytes())
        if len(real) == count:
            break
    return PhotoSet("500×375", real or [_drawn(500, 375, seed) for seed in range(count)])


def phone() -> PhotoSet:
    """Photos of 12 megapixels and about 3 MB, as of a phone: enlarged, with a sensor's noise."""
    files = []
    for seed, data in enumerate(small(4).files):
        with Image.open(io.BytesIO(data)) as image:
            large = np.asarray(image.convert("RGB").resize(PHONE, Image.Resampling.BICUBIC))
        noise = np.random.default_rng(seed).normal(0, 5, (*large.shape[:2], 1))
        pixels = (large + noise).clip(0, 255).astype(np.uint8)
        files.append(_jpeg(pixels, quality=85))
    return PhotoSet("12 MP", files)


def mixed() -> PhotoSet:
    """A mixture: every size of the validation split, and one in 24 from a phone."""
    paths = sorted(FOLDER.glob("*/*.jpg"))
    if paths:
        spread = np.linspace(0, len(paths) - 1, COUNT - 1).astype(int)
        files = [paths[i].read_bytes() for i in spread]
    else:
        sides = [(200, 300), (320, 240), (500, 375), (375, 500), (640, 480), (1024, 768)]
        files = [_drawn(*sides[seed % len(sides)], seed) for seed in range(COUNT - 1)]
    return PhotoSet("mixed", [*files, phone().files[0]])


def _drawn(width: int, height: int, seed: int) -> bytes:
    """A picture with the spectrum of a photo: amplitudes fall with frequency (Field 1987)."""
    rng = np.random.default_rng(seed)
    y, x = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    falling = 1 / np.maximum(np.hypot(x, y), 1 / max(width, height))
    shape = (3, height, falling.shape[1])
    spectrum = falling * (rng.normal(size=shape) + 1j * rng.normal(size=shape))
    waves = np.fft.irfft2(spectrum, (height, width))
    grey = 0.8 * waves[:1] + 0.2 * waves  # colours differ less than brightness
    scaled = 128 + 50 * grey / grey.std()
    return _jpeg(np.moveaxis(scaled, 0, -1).clip(0, 255).astype(np.uint8), quality=90)


def _jpeg(pixels: np.ndarray, quality: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality)
    return out.getvalue()
