"""Random's sources together: subjects, what happens when one fails, how they are set up."""

import json
from pathlib import Path

import pytest

from api.photos import remote
from api.photos import sources as photo_sources
from api.settings import SettingsError
from common.errors import FetchBusy, PhotoSourceUnavailable
from common.fetch.fetcher import Fetcher
from support.photo_servers import (
    HTML,
    PhotoServer,
    as_json,
    flickr_answer,
    flickr_record,
    picture,
)
from tests.api.photos.conftest import WORDS, make, refused


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
