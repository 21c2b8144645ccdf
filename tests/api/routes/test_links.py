"""Links as people paste them: to a picture, to a page that names one, to a search's result."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
import requests

from tests.api.conftest import RED, World

TIMEOUT_S = 60
HTML = {"Content-Type": "text/html; charset=utf-8"}


def page(address: str, before: str = "") -> tuple[int, dict[str, str], bytes]:
    text = f'<!doctype html><head>{before}<meta property="og:image" content="{address}"></head>'
    return 200, HTML, text.encode()


@pytest.fixture(scope="module", autouse=True)
def pages(world: World) -> Iterator[None]:
    before = dict(world.photos.photos)
    jpeg = (200, {"Content-Type": "image/jpeg"}, RED)
    world.photos.photos |= {
        "/photo/cat%20with%20k%C3%A4tzchen.jpg": jpeg,
        "/photo/post": page("red.jpg"),
        "/photo/russian": (
            200,
            {"Content-Type": "text/html; charset=windows-1251"},
            '<meta name="twitter:image" content="кот.jpg">'.encode("cp1251"),
        ),
        "/photo/" + quote("кот.jpg"): jpeg,
        "/photo/long": page("red.jpg", "<style>" + "x" * 300_000 + "</style>"),
        "/photo/huge": page("red.jpg", "<title>" + "x" * 50_000_000 + "</title>"),
        "/photo/to-itself": page("to-itself"),
        "/photo/to-a-page": page("post"),
        "/photo/to-inside": page("http://169.254.169.254/latest/meta-data/"),
        "/photo/to-a-gone-one": page("gone"),
        "/photo/to-a-large-one": page("large"),
        "/photo/to-text": page("text"),
        "/photo/text": (200, {"Content-Type": "text/plain"}, b"no picture"),
        "/photo/forbidden": (403, {}, b"no"),
        "/photo/in-trouble": (503, {}, b"no"),
        "/photo/empty-handed": (204, {}, b""),
        "/photo/without": (200, HTML, b"<html><body>cat"),
    }
    yield
    world.photos.photos = before


def classify(world: World, url: str) -> requests.Response:
    address = f"{world.service.url}/api/v1/classify"
    return requests.post(address, json={"url": url}, timeout=TIMEOUT_S)


def test_a_link_to_a_picture_names_no_page(world: World) -> None:
    result = classify(world, world.address("red.jpg")).json()
    assert result["source"] == {"url": world.address("red.jpg"), "page": None}


def test_an_upload_has_no_source(world: World) -> None:
    url = f"{world.service.url}/api/v1/classify"
    answer = requests.post(url, files={"image": RED}, timeout=TIMEOUT_S)
    assert "source" not in answer.json()


@pytest.mark.parametrize(
    ("name", "picture"),
    [("post", "red.jpg"), ("russian", quote("кот.jpg")), ("long", "red.jpg")],
)
def test_a_link_to_a_page_leads_to_its_picture(world: World, name: str, picture: str) -> None:
    answer = classify(world, world.address(name))
    assert answer.status_code == 200, answer.text
    result = answer.json()
    assert result["verdict"] == "cat"
    assert result["source"] == {"url": world.address(picture), "page": world.address(name)}


def test_a_link_with_spaces_and_umlauts(world: World) -> None:
    result = classify(world, world.address("cat with kätzchen.jpg")).json()
    assert result["source"]["url"] == world.address("cat%20with%20k%C3%A4tzchen.jpg")


def test_a_link_to_a_result_of_a_search(world: World) -> None:
    picture = world.address("red.jpg")
    link = f"https://www.google.com/imgres?imgurl={quote(picture, safe='')}&tbnid=1"
    assert classify(world, link).json()["source"] == {"url": picture, "page": link}


PROBLEMS = [
    ("without", 415, "unsupported_media_type", "names no picture"),
    ("huge", 415, "unsupported_media_type", "names no picture"),
    ("to-itself", 415, "unsupported_media_type", "names itself"),
    ("to-a-page", 415, "unsupported_media_type", "a page, too"),
    ("to-inside", 400, "url_not_allowed", "not open to the public"),
    ("forbidden", 502, "fetch_failed", "does not give this picture to us (status 403)"),
    ("in-trouble", 502, "fetch_failed", "a fault of its own (status 503)"),
    ("empty-handed", 502, "fetch_failed", "no picture at this address (status 204)"),
    ("to-a-gone-one", 502, "fetch_failed", "does not have this picture (status 404)"),
    ("to-a-large-one", 413, "image_too_large", "larger than 10 MB."),
    ("to-text", 415, "unsupported_media_type", "This is text"),
]


@pytest.mark.parametrize(("name", "status", "code", "words"), PROBLEMS)
def test_pages_that_lead_to_no_picture(
    world: World, name: str, status: int, code: str, words: str
) -> None:
    answer = classify(world, world.address(name))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert words in answer.json()["detail"]


def test_each_link_of_a_batch_has_its_own_source(world: World) -> None:
    urls = [world.address(name) for name in ("red.jpg", "post", "without")]
    address = f"{world.service.url}/api/v1/classify/batch"
    answer = requests.post(address, json={"urls": urls}, timeout=TIMEOUT_S)
    first, second, third = answer.json()["results"]
    assert (first["source"]["page"], second["source"]["page"]) == (None, urls[1])
    assert third["error"]["code"] == "unsupported_media_type"
