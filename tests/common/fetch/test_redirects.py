"""Redirects: which are followed, and for how long."""

import socket
import time

import pytest

from common.errors import FetchError, FetchFailed, FetchTimeout, UrlNotAllowed
from common.fetch.fetcher import MAX_REDIRECTS
from support.fetching import PATIENCE_S, fetcher
from support.raw_server import RawServer, by_path, ok, redirect


def test_the_deadline_covers_redirects_together() -> None:
    def slow_redirect(connection: socket.socket) -> None:
        time.sleep(0.2)
        redirect("/again")(connection)

    with RawServer(slow_redirect) as server:
        start = time.monotonic()
        with pytest.raises(FetchTimeout):
            fetcher(server, timeout_s=0.5).fetch(server.url())
        assert time.monotonic() - start < PATIENCE_S


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location", ["/cat", "cat", "//127.0.0.1:{port}/cat", "http://127.1:{port}/cat"]
)
def test_follows_redirects(status: int, location: str) -> None:
    answers = {"/cat": ok(b"picture")}
    with by_path(answers) as server:
        answers["/"] = redirect(location.format(port=server.port), f"{status} Elsewhere")
        assert fetcher(server).fetch(server.url()).data == b"picture"


def test_follows_so_many_redirects_and_no_more() -> None:
    steps = {f"/{i}": redirect(f"/{i + 1}") for i in range(MAX_REDIRECTS)}
    with by_path(steps | {f"/{MAX_REDIRECTS}": ok(b"picture")}) as server:
        assert fetcher(server).fetch(server.url("/0")).data == b"picture"
    with RawServer(redirect("/")) as server:
        with pytest.raises(FetchFailed, match="more than 3 times"):
            fetcher(server).fetch(server.url())
        assert server.connections == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("http://10.0.0.1:{port}/", UrlNotAllowed),
        ("http://169.254.169.254:{port}/latest/meta-data/", UrlNotAllowed),
        ("http://[::1]:{port}/", UrlNotAllowed),
        ("http://nowhere.invalid:{port}/", UrlNotAllowed),
        ("http://127.0.0.1:1/", FetchFailed),
        ("http://user@127.0.0.1:{port}/", FetchFailed),
        ("file:///etc/passwd", FetchFailed),
        ("gopher://127.0.0.1:{port}/_x", FetchFailed),
        ("http://[::1", FetchFailed),
        ("/" + "a" * 3000, FetchFailed),
    ],
)
def test_redirects_that_are_not_followed(location: str, error: type[FetchError]) -> None:
    with RawServer(
        lambda connection: redirect(location.format(port=server.port))(connection)
    ) as server:
        with pytest.raises(error):
            fetcher(server).fetch(server.url())
        assert server.connections == 1
