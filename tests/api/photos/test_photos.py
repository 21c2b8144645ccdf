"""Random's sources: what they ask, what they accept, and what they do when something fails."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from api.photos import Photo, PhotoSources, remote
from api.photos import sources as photo_sources
from api.settings import Settings, SettingsError
from common.errors import FetchBusy, PhotoSourceUnavailable
from common.fetch.fetcher import Fetcher
from support.photo_servers import (
    FLICKR_FAIL_100,
    FLICKR_FAIL_105,
    HTML,
    PhotoServer,
    Reply,
    as_json,
    commons_answer,
    commons_record,
    flickr_answer,
    flickr_record,
    picture,
    serving,
)

WORDS = {"cat": "cat", "dog": "dog", "sea_lion": "sea lion animal"}


@pytest.fixture
def servers() -> Iterator[dict[str, PhotoServer]]:
    """A Flickr and a Commons that work, ten photos each."""
    with ExitStack() as stack:
        flickr = stack.enter_context(serving(PhotoServer()))
        commons = stack.enter_context(serving(PhotoServer()))
        flickr.answer = lambda _: flickr_answer([flickr_record(flickr, n) for n in range(10)])
        commons.answer = lambda _: commons_answer([commons_record(commons, n) for n in range(10)])
        yield {"flickr": flickr, "commons": commons}


class Sources(PhotoSources):
    """Random's sources, and what they fetch photos with."""

    def __init__(self, settings: Settings, fetcher: Fetcher) -> None:
        super().__init__(settings)
        self._fetcher = fetcher

    def draw(self, subject: str) -> tuple[Photo, bytes]:
        return self.random(WORDS, subject, lambda url: self._fetcher.fetch(url).data)


def make(servers: dict[str, PhotoServer], **settings: Any) -> Sources:
    """Random's sources as the service makes them, on the local servers."""
    ports = [server.port for server in servers.values()]
    fetcher = Fetcher(
        timeout_s=5,
        max_bytes=2**20,
        concurrency=4,
        allowed_ports=ports,
        allowed_networks=[ip_network("127.0.0.0/8")],
        contact=settings.get("contact"),
    )
    defaults = {
        "flickr_api_key": "key-1234",
        "flickr_api_secret": "secret-5678",
        "flickr_api_url": f"{servers['flickr'].url}/services/rest/",
        "commons_api_url": f"{servers['commons'].url}/w/api.php",
    }
    return Sources(Settings(**(defaults | settings)), fetcher)


def refused(sources: Sources, subject: str = "cat") -> str:
    """The one sentence or two that Random gives up with."""
    with pytest.raises(PhotoSourceUnavailable) as caught:
        sources.draw(subject)
    text = str(caught.value)
    assert "key-1234" not in text
    assert "secret-5678" not in text
    assert "127.0.0.1" not in text
    return text


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


def test_slow_and_absent_sources(
    servers: dict[str, PhotoServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.photos.flickr.TIMEOUT_S", 0.2)
    servers["flickr"].delay_s = 1.0
    nowhere = "http://127.0.0.1:9/w/api.php"
    text = refused(make(servers, commons_api_url=nowhere))
    assert "Flickr did not answer in time" in text
    assert "Wikimedia Commons could not be reached" in text
    assert "PHOTO_FOLDER" in text, "what could be set up besides"


def test_deleted_photos_are_passed_over(servers: dict[str, PhotoServer]) -> None:
    flickr = servers["flickr"]
    gone = {
        "/photo/0_c.jpg": (404, {}, b"gone"),
        "/photo/1_c.jpg": (200, {"Content-Type": "image/gif"}, picture(format="GIF")),
        "/photo/2_c.jpg": HTML,
    }
    flickr.photos = dict(gone)
    flickr.answer = lambda _: flickr_answer([flickr_record(flickr, n) for n in range(4)])
    sources = make(servers, photo_sources=("flickr",))
    for _ in range(5):
        try:
            photo, _ = sources.draw("cat")
        except PhotoSourceUnavailable:
            continue  # three that are gone in a row: the source rests
        assert photo.id.endswith("3")
    assert len([path for path in flickr.fetched if path in gone]) <= len(gone), "asked for once"


def test_a_source_that_failed_rests_and_is_asked_again(
    servers: dict[str, PhotoServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    flickr = servers["flickr"]
    works = flickr.answer
    flickr.answer = lambda _: as_json({}, status=500)
    sources = make(servers)
    assert sources.draw("cat")[0].source == "commons"
    assert sources.draw("cat")[0].source == "commons"
    assert len(flickr.calls) == 1, "not asked while it rests"
    now = remote.time.monotonic()
    monkeypatch.setattr(remote.time, "monotonic", lambda: now + remote.BACKOFF_S[0] + 1)
    flickr.answer = works
    assert sources.draw("cat")[0].source == "flickr"


def test_retry_after_is_kept(
    servers: dict[str, PhotoServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    servers["flickr"].answer = lambda _: as_json({}, status=429, **{"Retry-After": "120"})
    sources = make(servers, photo_sources=("flickr",))
    refused(sources)
    now = remote.time.monotonic()
    monkeypatch.setattr(remote.time, "monotonic", lambda: now + 100)
    assert "left alone" in refused(sources)
    monkeypatch.setattr(remote.time, "monotonic", lambda: now + 130)
    assert "asked too often" in refused(sources)


def test_photos_of_the_last_search_outlive_a_failure(
    servers: dict[str, PhotoServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = make(servers, photo_sources=("flickr",))
    sources.draw("cat")
    servers["flickr"].answer = lambda _: HTML
    now = remote.time.monotonic()
    monkeypatch.setattr(remote.time, "monotonic", lambda: now + remote.FRESH_S + 1)
    assert sources.draw("cat")[0].source == "flickr"
    assert len(servers["flickr"].calls) == 2


@pytest.mark.parametrize("source", ["flickr", "commons"])
def test_who_runs_this_is_told_with_every_request(
    servers: dict[str, PhotoServer], source: str
) -> None:
    """The photo itself, too: Wikimedia's photo servers ask for the same as its API."""
    make(servers, photo_sources=(source,), contact="me@example.org").draw("cat")
    server = servers[source]
    assert len(server.agents) == len(server.calls) + len(server.fetched) >= 2
    assert all(agent.startswith("dogorcat/0.1 (me@example.org") for agent in server.agents)


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


def test_any_is_one_of_the_labels(servers: dict[str, PhotoServer]) -> None:
    sources = make(servers, photo_sources=("flickr",))
    subjects = {sources.draw("any")[0].subject for _ in range(40)}
    assert subjects == set(WORDS)
    assert {call["text"] for call in servers["flickr"].calls} == set(WORDS.values())


def test_neither_is_something_that_no_label_names(
    servers: dict[str, PhotoServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_sources, "OTHER_THINGS", ("sea lion", "fox", "dog", "owl"))
    sources = make(servers, photo_sources=("flickr",))
    subjects = {sources.draw("neither")[0].subject for _ in range(40)}
    assert subjects == {"neither"}
    assert {call["text"] for call in servers["flickr"].calls} == {"fox", "owl"}


def test_a_service_that_is_busy_is_no_fault_of_the_source(
    servers: dict[str, PhotoServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = make(servers)

    def busy(*_: object, **__: object) -> bytes:
        raise FetchBusy("Too many.")

    monkeypatch.setattr(Fetcher, "fetch", busy)
    with pytest.raises(FetchBusy):
        sources.draw("cat")


def test_nothing_set_up_says_how(servers: dict[str, PhotoServer]) -> None:
    sources = make(servers, photo_sources=("flickr", "folder"), flickr_api_key=None)
    text = refused(sources)
    assert "FLICKR_API_KEY" in text
    assert "PHOTO_FOLDER" in text


def test_keys_from_a_file(servers: dict[str, PhotoServer], tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"public": "key-1234", "secret": "secret-5678"}))
    sources = make(servers, flickr_api_key=None, flickr_api_secret=None, flickr_keys_file=file)
    assert sources.draw("cat")[0].source == "flickr"


@pytest.mark.parametrize("content", [None, "", "[]", '{"public": "secret-5678"}', "secret-5678"])
def test_a_file_of_keys_that_is_wrong(
    servers: dict[str, PhotoServer], tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "keys.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SettingsError, match="FLICKR_KEYS_FILE") as caught:
        make(servers, flickr_keys_file=file)
    assert "secret-5678" not in str(caught.value)


def test_a_folder_that_is_none(servers: dict[str, PhotoServer], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="PHOTO_FOLDER"):
        make(servers, photo_folder=tmp_path / "nowhere")
