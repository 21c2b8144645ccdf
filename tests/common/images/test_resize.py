"""The resize, held against Pillow's own."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from common.images.render import resize

SIZES = [
    (500, 375),
    (375, 500),  # Pillow takes its columns first
    (223, 225),
    (224, 224),
    (100, 80),
    (40, 300),
    (10, 2000),
    (1, 1),
    (2, 3),
    (1200, 4000),
    (4500, 4200),  # more than one of Pillow's blocks of memory
]


def picture(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng(width * height)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def differences(mine: Image.Image, pillows: Image.Image) -> np.ndarray:
    return np.abs(np.asarray(mine, dtype=int) - np.asarray(pillows, dtype=int))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "×".join(map(str, size)))
@pytest.mark.parametrize(
    "target", [(224, 224), (160, 90)], ids=lambda size: "×".join(map(str, size))
)
def test_is_pillows_but_for_roundings(size, target):
    image = picture(*size)
    found = differences(resize(image, target), image.resize(target, Image.Resampling.BILINEAR))
    assert found.shape == (*target[::-1], 3)
    assert found.max() <= 1
    assert (found > 0).mean() < 0.04


@pytest.mark.parametrize("size", [(500, 375), (300, 700)])
def test_takes_a_part(size):
    image, box = picture(*size), (size[0] - 0.5, size[1] - 7.25)
    pillows = image.resize((224, 224), Image.Resampling.BILINEAR, box=(0, 0, *box))
    found = differences(resize(image, (224, 224), box), pillows)
    assert found.max() <= 1
    assert (found > 0).mean() < 0.04


def test_pillow_does_it_where_the_library_is_not(monkeypatch):
    monkeypatch.setattr("common.images.render.Resizer", None)
    image, box = picture(500, 375), (499.5, 368.0)
    pillows = image.resize((224, 224), Image.Resampling.BILINEAR, box=(0, 0, *box))
    assert not differences(resize(image, (224, 224), box), pillows).any()


def test_threads_do_not_meet():
    images = [picture(500, 375 + i) for i in range(4)]
    expected = [np.asarray(resize(image, (224, 224))) for image in images]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: np.asarray(resize(images[i % 4], (224, 224))), range(400)))
    for i, pixels in enumerate(found):
        np.testing.assert_array_equal(pixels, expected[i % 4])
