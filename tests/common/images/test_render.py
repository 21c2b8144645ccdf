"""The short way of ordinary JPEGs is the way of all others."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from common.errors import ImageUnreadable
from common.images.inspect import inspect
from common.images.render import render

TARGET = (64, 48)
# name -> size, mode, how it is saved
JPEGS = {
    "4:2:0": ((500, 375), "RGB", {"subsampling": 2}),
    "4:4:4": ((500, 375), "RGB", {"subsampling": 0}),
    "odd size": ((501, 377), "RGB", {"quality": 95}),
    "decoded at half its size": ((130, 97), "RGB", {}),
    "decoded at an eighth": ((1601, 1203), "RGB", {}),
    "enlarged": ((20, 10), "RGB", {}),
    "progressive": ((300, 200), "RGB", {"progressive": True}),
    "RGB kept": ((300, 200), "RGB", {"keep_rgb": True}),
    "restart markers": ((300, 200), "RGB", {"restart_marker_rows": 1}),
    "grey": ((300, 200), "L", {}),
    "CMYK": ((300, 200), "CMYK", {}),
}


def jpeg(name: str) -> bytes:
    size, mode, how = JPEGS[name]
    rng = np.random.default_rng(7)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    out = io.BytesIO()
    coarse.resize(size, Image.Resampling.BICUBIC).convert(mode).save(out, "JPEG", **how)
    return out.getvalue()


@pytest.mark.parametrize("name", JPEGS)
def test_the_same_pixels_as_by_the_plugin(name: str) -> None:
    header = inspect(jpeg(name))
    assert header.rgb == (JPEGS[name][1] == "RGB")
    mine, size = render(header, TARGET)
    plugins, same = render(replace(header, rgb=False), TARGET)
    np.testing.assert_array_equal(mine, plugins)
    assert size == same == JPEGS[name][0]


@pytest.mark.parametrize("part", [0.3, 0.7, 0.99])
@pytest.mark.parametrize("name", ["4:2:0", "progressive", "decoded at an eighth"])
def test_a_part_of_a_file_is_no_picture(name: str, part: float) -> None:
    data = jpeg(name)
    header = inspect(data[: int(part * len(data))])
    with pytest.raises(ImageUnreadable):
        render(header, TARGET)


def test_a_header_that_lies_about_the_size() -> None:
    """The decoder is told another size than the file has."""
    header = inspect(jpeg("4:2:0"))
    for width, height in ((400, 375), (500, 300), (100, 100), (500, 2000)):
        with pytest.raises(ImageUnreadable):
            render(replace(header, width=width, height=height), TARGET)
