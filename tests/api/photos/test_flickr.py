"""Flickr: what it is asked, and what is accepted of its answers."""

from typing import Any

import pytest

from api.photos import remote
from support.photo_servers import (
    FLICKR_FAIL_100,
    FLICKR_FAIL_105,
    HTML,
    PhotoServer,
    Reply,
    as_json,
    flickr_answer,
    flickr_record,
    picture,
)
from tests.api.photos.conftest import make, refused


def test_flickr_is_asked_for_free_and_safe_photos_once(servers: dict[str, PhotoServer]) -> None:
    sources = make(servers, photo_sources=("flickr",))
    drawn = [sources.draw("cat")[0] for _ in range(25)]
    (call,) = servers["flickr"].calls
    assert call["method"] == "flickr.photos.search"
    assert call["text"] == "cat"
    assert call["license"] == "4,5,7,8,9,10,11,12"
    assert call["safe_search"] == "1"
    assert int(call["per_page"]) * int(call["page"]) <= 4000
    assert len({photo.id for photo in drawn[:10]}) == 10, "no photo twice before all were shown"


def test_flickr_photo_has_its_credit(servers: dict[str, PhotoServer]) -> None:
    title = "Tom &amp; <b>Jerry</b>\n 猫"
    record = flickr_record(servers["flickr"], 1, title=title, license="12")
    servers["flickr"].answer = lambda _: flickr_answer([record])
    photo, data = make(servers).draw("cat")
    assert photo.title == "Tom & Jerry 猫"
    assert photo.author == "Marine Explorer"
    assert photo.licence == "CC BY-SA 4.0"
    assert photo.licence_url == "https://creativecommons.org/licenses/by-sa/4.0/"
    assert photo.page_url == "https://www.flickr.com/photos/71925535@N03/49514824001"
    assert photo.image_url == f"{servers['flickr'].url}/photo/1_c.jpg"
    assert photo.subject == "cat"
    assert photo.raw == record
    assert data == picture()


@pytest.mark.parametrize(
    "changes",
    [
        {"license": "0"},
        {"license": "2"},
        {"license": "6"},
        {"license": "13"},
        {"license": "16"},
        {"license": "99"},
        {"license": "x"},
        {"url_c": None, "url_m": None},
        {"url_c": "javascript:alert(1)", "url_m": ""},
        {"owner": "../../evil"},
        {"owner": None},
        {"id": "<script>"},
    ],
    ids=str,
)
def test_flickr_photos_that_may_not_be_shown(
    servers: dict[str, PhotoServer], changes: dict[str, Any]
) -> None:
    good, bad = flickr_record(servers["flickr"], 1), flickr_record(servers["flickr"], 2, **changes)
    servers["flickr"].answer = lambda _: flickr_answer([bad, good, bad, {}, None])  # type: ignore[list-item]
    sources = make(servers, photo_sources=("flickr",))
    assert {sources.draw("cat")[0].id for _ in range(4)} == {good["id"]}


@pytest.mark.parametrize("licence", [4, "5", "7", "8", "9", "10", "11", "12"])
def test_flickr_free_licences_have_a_name(servers: dict[str, PhotoServer], licence: object) -> None:
    record = flickr_record(servers["flickr"], 1, license=licence)
    servers["flickr"].answer = lambda _: flickr_answer([record])
    photo, _ = make(servers).draw("cat")
    assert photo.licence
    assert photo.licence_url


@pytest.mark.parametrize(
    "changes", [{"total": "9"}, {"total": 9, "pages": "1"}, {"pages": 9_000_000}, {"pages": None}]
)
def test_flickr_numbers_may_be_text(
    servers: dict[str, PhotoServer], changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "FRESH_S", 0)  # every draw searches
    records = [flickr_record(servers["flickr"], 1)]
    servers["flickr"].answer = lambda _: flickr_answer(records, **changes)
    sources = make(servers, photo_sources=("flickr",))
    for _ in range(20):
        sources.draw("cat")
    assert len(servers["flickr"].calls) == 20
    assert max(int(call["page"]) for call in servers["flickr"].calls) <= 8


def test_flickr_size_that_is_missing(servers: dict[str, PhotoServer]) -> None:
    record = flickr_record(servers["flickr"], 1, url_c=None)
    servers["flickr"].answer = lambda _: flickr_answer([record])
    photo, _ = make(servers).draw("cat")
    assert photo.image_url
    assert photo.image_url.endswith("1_m.jpg")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (FLICKR_FAIL_100, "does not accept the key"),
        (FLICKR_FAIL_105, "error 105"),
        (as_json({"stat": "fail"}), "makes no sense"),
        (as_json([]), "makes no sense"),
        (as_json({"photos": None, "stat": "ok"}), "makes no sense"),
        (as_json({"photos": {"photo": "no"}, "stat": "ok"}), "found no free photo"),
        (as_json({}, status=429), "asked too often"),
        (as_json({}, status=500), "status 500"),
        (HTML, "not JSON"),
        ((200, {}, b""), "not JSON"),
        ((200, {}, b"\xff\xfe"), "not JSON"),
        (flickr_answer([]), "found no free photo"),
        (flickr_answer([], pages=0, total=0), "found no free photo"),
    ],
)
def test_flickr_fault_is_named_and_passed_over(
    servers: dict[str, PhotoServer], reply: Reply, words: str
) -> None:
    servers["flickr"].answer = lambda _: reply
    text = refused(make(servers, photo_sources=("flickr",)))
    assert words in text
    assert "Flickr" in text
    photo, _ = make(servers).draw("cat")
    assert photo.source == "commons"
