"""A part of a picture: read from text, turned with the picture, cut out before it is resized."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from common.images import WHOLE, Region, decode, load_image, preview
from common.images.region import FORM
from common.images.sandbox import Sandbox

RANDOM = np.random.default_rng(7)
NOISE = Image.fromarray(RANDOM.integers(0, 256, (40, 60, 3), dtype=np.uint8))
REGIONS = [
    "0,0,1,1",
    "0.25,0.1,0.5,0.5",
    "0.5,0.5,0.5,0.5",
    "0,0.9,1,0.1",
    ".8,0,.2,1",
    "0,0,1e-9,1",
]


def file(image: Image.Image, format: str = "PNG", orientation: int = 1, **options: object) -> bytes:
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    image.save(out, format, exif=exif, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("0,0,1,1", WHOLE),
        ("0.25,0.1,0.5,0.5", Region(0.25, 0.1, 0.5, 0.5)),
        (".25,0.1,5e-1,0.5", Region(0.25, 0.1, 0.5, 0.5)),
        ("0.333,0,0.667,1", Region(0.333, 0, 0.667, 1)),
        ("-1e-17,0,1,1", WHOLE),
        ("0,0,1.0005,1", WHOLE),  # rounded to three digits by whoever sent it
    ],
)
def test_what_is_read(text: str, region: Region) -> None:
    found = Region.parse(text)
    values = (found.x, found.y, found.width, found.height)
    assert values == pytest.approx((region.x, region.y, region.width, region.height))
    assert found.x + found.width <= 1
    assert found.y + found.height <= 1


@pytest.mark.parametrize(
    "text",
    ["", "0", "0,0,1", "0,0,1,1,1", "0,0,1,1,", "a,b,c,d", "0,0,0,1", "0,0,1,0", "0,0,-1,1",
     "0.5,0,0.6,1", "0,0.5,1,0.6", "-0.1,0,0.5,0.5", "1,0,0.1,1", "0,1,1,0.1", "1,1,0,0",
     "nan,0,1,1", "0,0,nan,1", "0,0,inf,1", "0,0,infinity,1", "0,0,1e999,1", "0, 0, 1, 1",
     " 0,0,1,1", "0;0;1;1", "0x0,0,1,1", "0_0,0,1,1", "٠,٠,١,١",
     "10,10,100,100", "0,0,100%,1", "[0,0,1,1]", "0,0,1,1\n"],
)  # fmt: skip
def test_what_is_no_region(text: str) -> None:
    with pytest.raises(ValueError, match="must be x,y,w,h in shares of 1") as error:
        Region.parse(text)
    assert str(error.value) == FORM


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("text", REGIONS)
def test_it_is_that_part_of_the_upright_picture(text: str, orientation: int) -> None:
    data = file(NOISE, orientation=orientation)
    region = Region.parse(text)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    part = file(upright.crop(region.box(*upright.size)))
    found = load_image(data, (24, 32), region)
    assert (found.width, found.height) == upright.size
    assert np.array_equal(found.pixels, decode(part, (24, 32)))
    assert (
        Image.open(io.BytesIO(preview(data, 640, region))).size == Image.open(io.BytesIO(part)).size
    )


def test_a_preview_is_no_larger_than_asked_for() -> None:
    found = Image.open(io.BytesIO(preview(file(NOISE), 10, Region(0, 0, 0.5, 1))))
    assert found.size == (8, 10)  # of 30 x 40


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "CMYK"])
def test_it_is_cut_out_of_the_source_and_not_of_the_reduced_picture(mode: str) -> None:
    """Each of a hundred squares is a tenth of a large JPEG: its colour is the only one there."""
    squares = Image.fromarray(RANDOM.integers(0, 256, (10, 10, 3), dtype=np.uint8))
    large = squares.resize((4000, 3000), Image.Resampling.NEAREST).convert(mode)
    data = file(large, "PNG" if mode == "RGBA" else "JPEG")
    for column, row in ((0, 0), (3, 7), (9, 9)):
        region = Region(column / 10 + 0.01, row / 10 + 0.01, 0.08, 0.08)
        pixels = load_image(data, (64, 64), region).pixels.astype(int)
        colour = np.array(large.convert("RGB").getpixel((column * 400 + 200, row * 300 + 150)))
        assert np.abs(pixels - colour).max() <= 8


def test_detail_of_a_small_region_is_kept() -> None:
    stripes = np.zeros((2000, 2000, 3), np.uint8)
    stripes[:, ::2] = 255
    data = file(Image.fromarray(stripes), "PNG")
    pixels = load_image(data, (100, 100), Region(0.4, 0.4, 0.05, 0.05)).pixels
    assert set(np.unique(pixels)) == {0, 255}


def test_the_sandbox_cuts_alike() -> None:
    data, region = file(NOISE, orientation=6), Region(0.2, 0.1, 0.5, 0.7)
    sandbox = Sandbox(8.0)
    try:
        pixels, original = sandbox.render(data, (24, 32), region)
        small, _ = sandbox.render(data, 9, region)
    finally:
        sandbox.stop()
    assert original == (40, 60)
    assert np.array_equal(pixels, load_image(data, (24, 32), region).pixels)
    assert max(small.shape) == 9
