"""Wikimedia Commons: what it is asked, and what is accepted of its answers."""

from typing import Any

import pytest

from support.photo_servers import (
    HTML,
    PhotoServer,
    Reply,
    as_json,
    commons_answer,
    commons_record,
    picture,
)
from tests.api.photos.conftest import make, refused


def test_commons_keeps_the_rules(servers: dict[str, PhotoServer]) -> None:
    sources = make(servers, photo_sources=("commons",), contact="me@example.org")
    photo, data = sources.draw("sea_lion")
    (call,) = servers["commons"].calls
    assert call["iiurlwidth"] in {"330", "500", "960", "1280"}, "a standard width"
    assert call["gsrnamespace"] == "6"
    assert "intitle:sea intitle:lion intitle:animal" in call["gsrsearch"]
    assert photo.author == "Ada & Bob"
    assert photo.licence == "CC BY-SA 4.0"
    assert photo.title.startswith("Cat number")
    assert not photo.title.endswith(".jpg")
    assert photo.page_url
    assert photo.page_url.startswith("https://commons.wikimedia.org/wiki/File:")
    assert photo.image_url
    assert "960px" in photo.image_url
    assert data == picture()


@pytest.mark.parametrize(
    "changes",
    [
        {"mime": "image/tiff"},
        {"mime": "application/pdf"},
        {"extmetadata": None},
        {"extmetadata": []},
        {"extmetadata": {"LicenseShortName": {"value": "CC BY-NC 4.0"}}},
        {"extmetadata": {"LicenseShortName": {"value": "X"}, "NonFree": {"value": "true"}}},
        {"thumburl": None, "url": None},
        {"descriptionurl": "javascript:alert(1)"},
    ],
    ids=str,
)
def test_commons_photos_that_may_not_be_shown(
    servers: dict[str, PhotoServer], changes: dict[str, Any]
) -> None:
    good, bad = commons_record(servers["commons"], 1), commons_record(servers["commons"], 2)
    bad["imageinfo"][0] |= changes
    pages = {"1": good, "2": bad, "3": {"missing": True}, "4": {"imageinfo": []}}
    servers["commons"].answer = lambda _: commons_answer(pages)
    sources = make(servers, photo_sources=("commons",))
    assert {sources.draw("cat")[0].id for _ in range(4)} == {"1"}


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (as_json({"error": {"code": "ratelimited", "info": "…"}}), "asked too often"),
        (as_json({"error": {"code": "internal_api_error", "info": "…"}}), "internal_api_error"),
        (as_json({"error": "?"}), "makes no sense"),
        (as_json({}, status=429), "asked too often"),
        (as_json({}, status=503), "status 503"),
        (HTML, "not JSON"),
        (commons_answer([]), "found no free photo"),
        (as_json({"query": {"pages": 3}}), "makes no sense"),
    ],
)
def test_commons_fault_is_named(servers: dict[str, PhotoServer], reply: Reply, words: str) -> None:
    servers["commons"].answer = lambda _: reply
    assert words in refused(make(servers, photo_sources=("commons",)))
