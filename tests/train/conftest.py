"""A small data set that is drawn here: three classes of shapes, so that training can be tested."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

os.environ["KERAS_BACKEND"] = "tensorflow"

SHAPES = ("circles", "squares", "stripes")


def draw(kind: str, seed: int, size: tuple[int, int] = (96, 80)) -> Image.Image:
    """A shape in a random colour at a random place, on a random mottled ground."""
    random = np.random.default_rng([seed, SHAPES.index(kind)])
    mottled = random.integers(0, 256, (6, 6, 3)).astype(np.uint8)
    image = Image.fromarray(mottled).resize(size, Image.Resampling.BICUBIC)
    colour = tuple(int(v) for v in random.integers(0, 256, 3))
    pen = ImageDraw.Draw(image)
    x, y = random.integers(5, 30, 2)
    if kind == "circles":
        pen.ellipse((x, y, x + 45, y + 45), fill=colour)
    elif kind == "squares":
        pen.rectangle((x, y, x + 45, y + 45), fill=colour)
    else:
        for left in range(int(x) % 12, size[0], 12):
            pen.rectangle((left, 0, left + 5, size[1]), fill=colour)
    return image


def make_data(folder: Path, kinds: tuple[str, ...], train: int, validation: int) -> Path:
    """Write train/ and validation/ class folders of drawn JPEG files."""
    for part, first, count in (("train", 0, train), ("validation", 1000, validation)):
        for kind in kinds:
            (folder / part / kind).mkdir(parents=True)
            for i in range(first, first + count):
                draw(kind, i).save(folder / part / kind / f"{i}.jpg", quality=90)
    return folder


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DATA with three classes; read only."""
    return make_data(tmp_path_factory.mktemp("data"), SHAPES, 16, 6)


@pytest.fixture
def own_data(tmp_path: Path) -> Path:
    """DATA with two classes, to be spoilt by a test."""
    return make_data(tmp_path / "data", SHAPES[:2], 8, 3)


@pytest.fixture(scope="session")
def tiny(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder by the tiny recipe; read only."""
    from train.__main__ import main

    out = tmp_path_factory.mktemp("models") / "shapes"
    command = ["tiny", "--data", str(data), "--out", str(out), "--size", "32", "--epochs", "3"]
    assert main(command) == 0
    return out


@pytest.fixture(scope="session")
def small(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder by the small recipe, augmented; read only."""
    from train.__main__ import main

    out = tmp_path_factory.mktemp("models") / "small"
    command = ["small", "--data", str(data), "--out", str(out), "--size", "40", "--epochs", "2"]
    assert main([*command, "--augment"]) == 0
    return out


@pytest.fixture(scope="session")
def probe(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder by the bottleneck recipe, on a random MobileNet; read only."""
    from train.__main__ import main

    out = tmp_path_factory.mktemp("models") / "probe"
    command = [
        "bottleneck",
        "--data",
        str(data),
        "--out",
        str(out),
        "--size",
        "32",
        "--backbone",
        "MobileNet",
    ]
    cache = str(out.parent / "cache")
    assert main([*command, "--weights", "none", "--epochs", "2", "--cache", cache]) == 0
    return out
