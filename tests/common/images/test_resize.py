"""The resize, held against Pillow's own."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from common.images.render import resize

BILINEAR, LANCZOS = Image.Resampling.BILINEAR, Image.Resampling.LANCZOS

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


def pillows(image: Image.Image, size: tuple[int, int], box: tuple[float, float] | None = None):
    """Each axis by Pillow, in its order; where one is enlarged and one reduced, that one first."""
    width, height = box or image.size
    across = LANCZOS if size[0] > width else BILINEAR
    down = LANCZOS if size[1] > height else BILINEAR
    if across == down:
        return image.resize(size, across, box=(0, 0, width, height))
    if across == LANCZOS:
        columns = image.resize((image.width, size[1]), down, box=(0, 0, image.width, height))
        return columns.resize(size, across, box=(0, 0, width, size[1]))
    rows = image.resize((size[0], image.height), across, box=(0, 0, width, image.height))
    return rows.resize(size, down, box=(0, 0, size[0], height))


def differences(mine: Image.Image, expected: Image.Image) -> np.ndarray:
    return np.abs(np.asarray(mine, dtype=int) - np.asarray(expected, dtype=int))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "×".join(map(str, size)))
@pytest.mark.parametrize(
    "target", [(224, 224), (160, 90)], ids=lambda size: "×".join(map(str, size))
)
def test_is_pillows_but_for_roundings(size, target):
    image = picture(*size)
    found = differences(resize(image, target), pillows(image, target))
    assert found.shape == (*target[::-1], 3)
    enlarged = target[0] > size[0] or target[1] > size[1]
    assert found.max() <= (2 if enlarged else 1)
    assert (found > 0).mean() < 0.04


@pytest.mark.parametrize("size", [(500, 375), (300, 700), (60, 48), (400, 100), (100, 400)])
def test_takes_a_part(size):
    image, box = picture(*size), (size[0] - 0.5, size[1] - 7.25)
    found = differences(resize(image, (224, 224), box), pillows(image, (224, 224), box))
    assert found.max() <= 1
    assert (found > 0).mean() < 0.04


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "×".join(map(str, size)))
def test_pillow_does_it_where_the_library_is_not(size, monkeypatch):
    monkeypatch.setattr("common.images.render.Resizer", None)
    image, box = picture(*size), (size[0] * 0.99, size[1] * 0.98)
    expected = pillows(image, (224, 224), box)
    assert not differences(resize(image, (224, 224), box), expected).any()


def test_a_small_picture_stays_sharp():
    edge = Image.new("RGB", (32, 32))
    edge.paste("white", (16, 0, 32, 32))
    steps = np.diff(np.asarray(resize(edge, (256, 256)), dtype=int)[128, :, 0])
    triangle = np.diff(np.asarray(edge.resize((256, 256), BILINEAR), dtype=int)[128, :, 0])
    assert steps.max() > 1.2 * triangle.max()


def test_threads_do_not_meet():
    images = [picture(500, 375 + i) for i in range(4)]
    expected = [np.asarray(resize(image, (224, 224))) for image in images]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: np.asarray(resize(images[i % 4], (224, 224))), range(400)))
    for i, pixels in enumerate(found):
        np.testing.assert_array_equal(pixels, expected[i % 4])
