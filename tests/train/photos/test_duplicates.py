"""Near-duplicates: what is the same photo, and what only has the same background."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance

from common.images import decode
from support.shared import PHOTOS, needs_shared
from tests.train.conftest import SHAPES, draw
from train.photos.duplicates import SIDE, groups, pairs, signature


def scene(seed: int) -> Image.Image:
    """A drawn picture with some detail, 360 by 300."""
    image = Image.new("RGB", (360, 300))
    for i in range(9):
        tile = draw(SHAPES[(seed + i) % 3], 100 * seed + i, (120, 100))
        image.paste(tile, (i % 3 * 120, i // 3 * 100))
    return image


def saved(image: Image.Image, quality: int = 90, kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    image.convert("RGB").save(out, kind, quality=quality)
    return out.getvalue()


def signatures(files: list[bytes]) -> NDArray[np.uint8]:
    return np.array([signature(decode(file, (SIDE, SIDE))) for file in files])


def cropped(
    image: Image.Image, left: float, top: float, right: float, bottom: float
) -> Image.Image:
    width, height = image.size
    box = (left * width, top * height, width * (1 - right), height * (1 - bottom))
    return image.crop(tuple(map(round, box)))


Change = Callable[[Image.Image], bytes]
CHANGES: dict[str, Change] = {
    "copied": saved,
    "as PNG": lambda image: saved(image, kind="PNG"),
    "half the size": lambda image: saved(image.resize((image.width // 2, image.height // 2)), 60),
    "twice the size": lambda image: saved(image.resize((image.width * 2, image.height * 2))),
    "stretched": lambda image: saved(image.resize((300, 300))),
    "poor quality": lambda image: saved(image, 25),
    "brighter": lambda image: saved(ImageEnhance.Brightness(image).enhance(1.2)),
    "darker": lambda image: saved(ImageEnhance.Brightness(image).enhance(0.7)),
    "more contrast": lambda image: saved(ImageEnhance.Contrast(image).enhance(1.2)),
    "cropped all around": lambda image: saved(cropped(image, 0.03, 0.03, 0.03, 0.03)),
    "cropped at the left": lambda image: saved(cropped(image, 0.05, 0, 0, 0)),
    "cropped at a corner": lambda image: saved(cropped(image, 0, 0, 0.04, 0.05)),
    "cropped, brighter, smaller": lambda image: saved(
        ImageEnhance.Brightness(cropped(image, 0.02, 0.01, 0, 0.03))
        .enhance(1.1)
        .resize((200, 160)),
        60,
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_same_photo_is_found_whatever_was_done_to_it(change: Change) -> None:
    scenes = [scene(seed) for seed in range(6)]
    files = [saved(image) for image in scenes] + [change(image) for image in scenes]
    assert pairs(signatures(files)) == [(i, i + 6) for i in range(6)]


def on_white() -> list[bytes]:
    files = []
    for seed in range(20):
        image = Image.new("RGB", (240, 240), "white")
        image.paste(draw(SHAPES[seed % 3], seed, (110, 110)), (65, 65))
        files.append(saved(image))
    return files


def fixed_camera() -> list[bytes]:
    """One scene with something small in it, each time elsewhere or something else."""
    files = []
    random = np.random.default_rng(0)
    for seed in range(20):
        image = scene(7)
        place = tuple(int(v) for v in random.integers(0, 240, 2))
        image.paste(draw(SHAPES[seed % 3], seed, (60, 60)), place)
        noisy = np.asarray(image) * random.uniform(0.95, 1.05) + random.normal(0, 3, (300, 360, 3))
        files.append(saved(Image.fromarray(noisy.clip(0, 255).astype(np.uint8))))
    return files


def digits() -> list[bytes]:
    from sklearn.datasets import load_digits

    images = (load_digits().images[:40] * 15.9).astype(np.uint8)
    return [saved(Image.fromarray(image).resize((28, 28)), kind="PNG") for image in images]


def coloured() -> list[bytes]:
    """The same thing in other colours."""
    files = []
    for colour in ("red", "green", "blue", "black", "yellow", "grey", "orange", "purple"):
        image = Image.new("RGB", (200, 200), "white")
        ImageDraw.Draw(image).ellipse((40, 60, 160, 140), fill=colour)
        files.append(saved(image))
    return files


@pytest.mark.parametrize("files", [on_white, fixed_camera, digits, coloured])
def test_what_shares_a_background_is_told_apart(files: Callable[[], list[bytes]]) -> None:
    assert pairs(signatures(files())) == []


def test_blank_photos_and_few_photos() -> None:
    blank = [
        saved(Image.new("RGB", (50, 50), colour))
        for colour in ("white", "white", "black", "red", *("grey",) * 2)
    ]
    assert pairs(signatures(blank)) == [(0, 1), (4, 5)]
    assert pairs(signatures(blank[:1])) == []
    assert pairs(np.array([])) == []


@pytest.mark.parametrize(
    ("count", "alike", "numbers"),
    [
        (3, [], [0, 1, 2]),
        (4, [(0, 2), (1, 3)], [0, 1, 0, 1]),
        (3, [(0, 1), (0, 2), (1, 2)], [0, 0, 0]),
        (3, [(0, 1), (1, 2)], [0, 0, 0]),  # both resemble the one in the middle
        (5, [(0, 1), (1, 2), (2, 3), (3, 4)], [0, 0, 0, 3, 3]),  # a chain is cut
    ],
)
def test_groups_have_a_middle(count: int, alike: list[tuple[int, int]], numbers: list[int]) -> None:
    assert groups(count, alike) == numbers


@needs_shared
def test_real_photos() -> None:
    originals = [path.read_bytes() for path in sorted(PHOTOS.glob("validation/*/*.jpg"))[::40]]
    count = len(originals)
    own = signatures(originals)
    assert pairs(own) == []
    for name, change in CHANGES.items():
        again = signatures([change(Image.open(io.BytesIO(file))) for file in originals])
        found = set(pairs(np.concatenate([own, again])))
        same = {(i, i + count) for i in range(count)}
        assert len(found & same) >= 0.95 * count, name
        assert found <= same, name
