"""Random's sources on local servers that speak as Flickr and Wikimedia Commons do."""

from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import ip_network
from typing import Any

import pytest

from api.photos import Photo, PhotoSources
from api.settings import Settings
from common.errors import PhotoSourceUnavailable
from common.fetch.fetcher import Fetcher
from support.photo_servers import (
    PhotoServer,
    commons_answer,
    commons_record,
    flickr_answer,
    flickr_record,
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
