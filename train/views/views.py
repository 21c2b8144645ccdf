"""Photos as people's arrive: turned, in a screenshot, small, dark, compressed, two side by side.

Training that has only seen one upright animal in the middle of a good photo is wrong, and sure of
it, on everything else that visitors send. Each view here is drawn from one or two photos and a
random generator, and knows what is in it and how far it was turned.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from common.images.render import stretched
from train.views.compositions import inset, side_by_side

SIDE = 320
"""Longest side, in pixels, that photos are read at before views are made of them."""
OTHER = -1
"""In place of a label: a photo that shows none of them."""


@dataclass(frozen=True)
class View:
    """A picture to learn from."""

    pixels: NDArray[np.uint8]
    """(height, width, 3), RGB, stretched to the size of the network's input."""
    labels: frozenset[int]
    """Which labels are in it; empty where it shows none of them."""
    turn: int
    """Quarter turns counter-clockwise that were applied to the upright picture: 0..3."""
    single: bool
    """Whether it was made of one photo."""


def single(
    rng: Generator,
    photo: Image.Image,
    label: int,
    size: tuple[int, int],
    *,
    turned: float = 0.3,
    shares: Sequence[float] | None = None,
) -> View:
    """A view of one photo.

    Args:
        photo: in its own proportions.
        label: what it shows; `OTHER` for none of the labels.
        size: (height, width) of the view.
        turned: share of the views that are turned.
        shares: how often each of `DISTURBANCES` happens, if not as it says there.
    """
    image = _base(rng, photo)
    for disturb in _some(rng, shares=shares):
        image = disturb(rng, image)
    labels = frozenset() if label == OTHER else frozenset({label})
    return _finished(rng, image, labels, size, turned, True)


def pair(
    rng: Generator,
    photos: tuple[Image.Image, Image.Image],
    labels: tuple[int, int],
    size: tuple[int, int],
    *,
    turned: float = 0.1,
    shares: Sequence[float] | None = None,
) -> View:
    """A view of two photos in one picture, side by side or one inside the other."""
    one, two = (_base(rng, photo) for photo in photos)
    image = side_by_side(rng, one, two) if rng.random() < 0.5 else inset(rng, one, two)
    if rng.random() < 0.3:
        image = _some(rng, 1, shares)[0](rng, image)
    return _finished(rng, image, frozenset(labels) - {OTHER}, size, turned, False)


def _finished(
    rng: Generator,
    image: Image.Image,
    labels: frozenset[int],
    size: tuple[int, int],
    turned: float,
    one: bool,
) -> View:
    turn = int(rng.integers(1, 4)) if rng.random() < turned else 0
    box = size if turn % 2 else size[::-1]  # (width, height) before it is turned
    pixels = np.asarray(stretched(image, box))  # as the service stretches what visitors send
    return View(np.ascontiguousarray(np.rot90(pixels, turn)), labels, turn, one)


def _base(rng: Generator, photo: Image.Image) -> Image.Image:
    """The photo, perhaps mirrored, perhaps cropped a little, with other light and colours."""
    if rng.random() < 0.5:
        photo = photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if rng.random() < 0.6:
        width, height = photo.size
        across, down = rng.uniform(0.75, 1.0, 2)
        left, top = rng.uniform(0, 1 - across), rng.uniform(0, 1 - down)
        photo = photo.crop(
            (
                round(left * width),
                round(top * height),
                max(round((left + across) * width), round(left * width) + 1),
                max(round((top + down) * height), round(top * height) + 1),
            )
        )
    if rng.random() < 0.5:
        for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
            photo = enhance(photo).enhance(rng.uniform(0.7, 1.3))
    return photo


FILTERS = (
    Image.Resampling.BOX,
    Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)
"""What thumbnails are made with: soft to sharp."""
Disturbance = Callable[[Generator, Image.Image], Image.Image]


def with_thumbnails(share: float) -> list[float]:
    """How often each of `DISTURBANCES` happens, where this share of them are thumbnails, 0..1."""
    others = sum(usual for disturb, usual in DISTURBANCES if disturb is not small)
    return [
        share if disturb is small else usual * (1 - share) / others
        for disturb, usual in DISTURBANCES
    ]


def _some(
    rng: Generator, most: int = 2, shares: Sequence[float] | None = None
) -> list[Disturbance]:
    """Ways to disturb a view: none for a third of them where two are allowed."""
    number = most if most < 2 else int(rng.choice(3, p=[0.33, 0.47, 0.2]))
    chosen = rng.choice(len(DISTURBANCES), number, replace=False, p=shares or SHARES)
    return [DISTURBANCES[i][0] for i in sorted(chosen, reverse=True)]


def small(rng: Generator, image: Image.Image) -> Image.Image:
    """A thumbnail of 28 to 84 pixels, by any filter; three fifths are JPEGs, as most are."""
    side = 28 * 3 ** rng.random()  # as often below 48 as above
    scale = side / max(image.size)
    width, height = (max(8, round(length * scale)) for length in image.size)
    thumbnail = image.resize((width, height), FILTERS[int(rng.integers(len(FILTERS)))])
    return thumbnail if rng.random() < 0.4 else _jpeg(thumbnail, int(rng.integers(40, 96)))


def blurred(rng: Generator, image: Image.Image) -> Image.Image:
    """Out of focus, by up to a fiftieth of the longer side."""
    return image.filter(ImageFilter.GaussianBlur(max(image.size) * rng.uniform(0.004, 0.022)))


def dark(rng: Generator, image: Image.Image) -> Image.Image:
    """A tenth to a half of the light."""
    return ImageEnhance.Brightness(image).enhance(rng.uniform(0.1, 0.5))


def bright(rng: Generator, image: Image.Image) -> Image.Image:
    """Half as much light again, or more."""
    return ImageEnhance.Brightness(image).enhance(rng.uniform(1.5, 2.2))


def grey(rng: Generator, image: Image.Image) -> Image.Image:
    """Without colour."""
    return image.convert("L").convert("RGB")


def compressed(rng: Generator, image: Image.Image) -> Image.Image:
    """A JPEG of quality 3 to 25."""
    return _jpeg(image, int(rng.integers(3, 26)))


def noisy(rng: Generator, image: Image.Image) -> Image.Image:
    """Grain, as of a photo taken in little light."""
    pixels = np.asarray(image, np.float32)
    grain = rng.standard_normal(pixels.shape, np.float32) * rng.uniform(6, 25)
    return Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))


def cornered(rng: Generator, image: Image.Image) -> Image.Image:
    """In a corner of the frame, on a plain background: a quarter of it, or less."""
    width, height = image.size
    grow = 1 / rng.uniform(0.35, 0.65)
    frame = Image.new("RGB", (round(width * grow), round(height * grow)), _colour(rng))
    left, top = (rng.choice([0.0, 1.0, rng.random()]) for _ in range(2))
    spare = frame.width - width, frame.height - height
    frame.paste(image, (round(left * spare[0]), round(top * spare[1])))
    return frame


def screenshot(rng: Generator, image: Image.Image) -> Image.Image:
    """Letterboxed on the screen of a phone, with a bar of symbols and lines of text around."""
    width = 240
    height = round(width * rng.uniform(1.6, 2.2))
    paper = int(rng.choice([0, 12, 32, 240, 255]))
    ink = 255 - paper if rng.random() < 0.7 else 128
    screen = Image.new("RGB", (width, height), (paper, paper, paper))
    across = round(width * rng.choice([1.0, 1.0, rng.uniform(0.75, 1.0)]))
    down = min(round(image.height * across / image.width), round(height * 0.8))
    left = (width - across) // 2
    top = round((height - down) * rng.choice([0.5, rng.uniform(0.15, 0.85)]))
    draw = ImageDraw.Draw(screen)
    colour = (ink, ink, ink)
    for x in (12, 30, 196, 210, 224)[: int(rng.integers(2, 6))]:
        draw.rectangle((x, 6, x + int(rng.integers(4, 12)), 11), fill=colour)
    for start, end in ((24, top - 6), (top + down + 8, height - 24)):
        y = start + int(rng.integers(0, 12))
        while y + 4 < end and rng.random() < 0.75:
            draw.rectangle((10, y, 10 + int(rng.integers(30, 200)), y + 3), fill=colour)
            y += int(rng.integers(8, 16))
    if rng.random() < 0.7:
        for x in range(30, width, 60):
            draw.ellipse((x - 5, height - 16, x + 5, height - 6), outline=colour)
    screen.paste(image.resize((across, max(1, down)), Image.Resampling.BILINEAR), (left, top))
    return screen


def _jpeg(image: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Image.open(out).convert("RGB")


def _colour(rng: Generator) -> tuple[int, int, int]:
    """Black, white, or any colour."""
    if rng.random() < 0.4:
        level = int(rng.choice([0, 255]))
        return level, level, level
    red, green, blue = rng.integers(0, 256, 3)
    return int(red), int(green), int(blue)


DISTURBANCES: list[tuple[Disturbance, float]] = [
    (compressed, 0.16),
    (small, 0.24),
    (noisy, 0.05),
    (blurred, 0.11),
    (dark, 0.08),
    (bright, 0.03),
    (grey, 0.08),
    (cornered, 0.1),
    (screenshot, 0.15),
]
"""What may happen to a photo, and how often; of two, the later in this list happens first."""
SHARES = [share for _, share in DISTURBANCES]
