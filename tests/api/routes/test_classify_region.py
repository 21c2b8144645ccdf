"""`region`: a visitor asks about a part of the picture."""

import base64
import io

import pytest
import requests
from PIL import Image

from tests.api.conftest import World

TIMEOUT_S = 30


def two_halves(orientation: int = 1) -> bytes:
    """Red on the left, blue on the right, once it is upright."""
    image = Image.new("RGB", (800, 300), "red")
    image.paste("blue", (400, 0, 800, 300))
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    if orientation == 6:  # stored a quarter turn to the left
        image = image.transpose(Image.Transpose.ROTATE_90)
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def classify(world: World, query: str, data: bytes) -> requests.Response:
    url = f"{world.service.url}/api/v1/classify?{query}"
    return requests.post(url, files={"image": data}, timeout=TIMEOUT_S)


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize(
    ("region", "verdict"),
    [
        ("0,0,0.5,1", "cat"),
        ("0.5,0,0.5,1", "dog"),
        ("0.6,0.2,0.1,0.1", "dog"),
        ("0,0,.4,.4", "cat"),
    ],
)
def test_the_verdict_is_of_the_region(
    world: World, region: str, verdict: str, orientation: int
) -> None:
    result = classify(world, f"region={region}", two_halves(orientation)).json()
    assert result["verdict"] == verdict
    assert (result["image"]["width"], result["image"]["height"]) == (800, 300)


def test_so_are_preview_and_heatmap(world: World) -> None:
    query = "region=0.5,0,0.25,1&preview=true&explain=true"
    result = classify(world, query, two_halves()).json()
    preview = Image.open(io.BytesIO(base64.b64decode(result["preview"].split(",")[1])))
    assert preview.size == (200, 300)
    red, _, blue = preview.getpixel((100, 150))
    assert blue > 200 > 50 > red
    assert len(result["heatmap"]) == 7


@pytest.mark.parametrize("region", ["", "0,0,1", "0,0,2,1", "10,10,200,200", "a,b,c,d", "0,0,0,0"])
def test_what_is_no_region_is_told_so(world: World, region: str) -> None:
    answer = classify(world, f"region={region}", two_halves())
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert "'region' must be x,y,w,h in shares of 1" in answer.json()["detail"]
