"""What the fetcher connects to: public addresses, open ports, and not too many at once."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from common.errors import (
    FetchBusy,
    FetchError,
    FetchFailed,
    FetchTimeout,
    UrlInvalid,
    UrlNotAllowed,
)
from common.fetch.fetcher import Fetcher
from support.fetching import PATIENCE_S, fetcher
from support.raw_server import RawServer, forever, ok

NEVER = threading.Event()
SLOW = forever(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x", 0.05, NEVER)
"""An answer that never ends."""


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://0xa000001/",
        "http://nowhere.invalid/",
        "http://xn--0.invalid/",
    ],
)
def test_not_public_and_not_there_are_the_same(url: str) -> None:
    with pytest.raises(UrlNotAllowed) as caught:
        fetcher(allowed_ports=[80]).fetch(url)
    assert str(caught.value) == str(UrlNotAllowed())


def test_loopback_is_not_dialled_unless_it_was_opened() -> None:
    with RawServer(ok(b"picture")) as server:
        for url in (server.url(), server.url(host="localhost"), server.url(host="0")):
            with pytest.raises(UrlNotAllowed):
                fetcher(server, allowed_networks=[]).fetch(url)
    assert server.connections == 0


def test_ports() -> None:
    with (
        RawServer(ok(b"picture")) as server,
        pytest.raises(UrlInvalid, match=r"port .* \(80, 443\)"),
    ):
        fetcher(allowed_ports=[80, 443]).fetch(server.url())
    assert server.connections == 0


def test_nobody_there() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(FetchFailed):
            fetcher(allowed_ports=[port]).fetch(f"http://127.0.0.1:{port}/")


def test_a_name_is_looked_up_once(names: dict[str, list[list[str]]]) -> None:
    """DNS rebinding: the second answer would lead inside, and nobody asks for it."""
    names["rebind.example"] = [["127.0.0.1"], ["10.0.0.1"]]
    with RawServer(ok(b"picture")) as server:
        assert fetcher(server).fetch(server.url(host="rebind.example")).data == b"picture"
        assert b"Host: rebind.example:" in server.requests[0]
        with pytest.raises(UrlNotAllowed):
            fetcher(server).fetch(server.url(host="rebind.example"))


@pytest.mark.parametrize("inside", ["10.0.0.1", "::1", "fe80::1%eth0", "64:ff9b::7f00:1"])
def test_one_answer_inside_refuses_all(names: dict[str, list[list[str]]], inside: str) -> None:
    names["mixed.example"] = [["127.0.0.1", inside]]
    with RawServer(ok(b"picture")) as server, pytest.raises(UrlNotAllowed):
        fetcher(server).fetch(server.url(host="mixed.example"))
    assert server.connections == 0


def test_the_next_address_is_tried(names: dict[str, list[list[str]]]) -> None:
    names["two.example"] = [["127.0.0.9", "127.0.0.1"]]
    with RawServer(ok(b"picture")) as server:
        assert fetcher(server).fetch(server.url(host="two.example")).data == b"picture"


def test_a_lookup_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answer.wait(60) and [])
    mine = fetcher(allowed_ports=[80], timeout_s=0.2, concurrency=2)
    try:
        for _ in range(4):  # twice as many lookups as fetches may hang
            with pytest.raises(FetchTimeout):
                mine.fetch("http://slow.example/")
        with pytest.raises(FetchBusy):
            mine.fetch("http://slow.example/")
    finally:
        answer.set()


def test_no_proxy_no_netrc_no_cookie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with (
        RawServer(ok(b"picture", "Set-Cookie: a=b; Path=/")) as server,
        RawServer(ok(b"proxied")) as proxy,
    ):
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        mine = fetcher(server)
        for _ in range(2):
            assert mine.fetch(server.url()).data == b"picture"
    assert proxy.connections == 0
    for request in server.requests:
        assert b"authorization" not in request.lower()
        assert b"cookie" not in request.lower()


@contextmanager
def under_way(mine: Fetcher, url: str, number: int) -> Iterator[None]:
    """So many fetches that do not end by themselves."""

    def fetch() -> None:
        with pytest.raises(FetchError):
            mine.fetch(url)

    threads = [threading.Thread(target=fetch) for _ in range(number)]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join()


def _wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_few_for_one_host(names: dict[str, list[list[str]]]) -> None:
    names["other.example"] = [["127.0.0.2"]]
    names["alias.example"] = [["127.0.0.1"]]
    with (
        RawServer(SLOW) as slow,
        RawServer(ok(b"picture"), host="127.0.0.2") as other,
    ):
        mine = fetcher(slow, other, concurrency=8)
        assert mine.per_host == 2
        with under_way(mine, slow.url(), 2):
            _wait_for(lambda: slow.connections == 2)
            for host in ("127.0.0.1", "alias.example"):
                with pytest.raises(FetchBusy):
                    mine.fetch(slow.url(host=host))
            assert mine.fetch(other.url(host="other.example")).data == b"picture"
            slow.close()
        # What was refused before is dialled again, for every key that was in use.
        for url in (slow.url(), slow.url(host="alias.example")):
            with pytest.raises(FetchFailed):
                mine.fetch(url)


def test_so_many_at_once() -> None:
    servers = [RawServer(SLOW, host=f"127.0.0.{i}") for i in (1, 2, 3)]
    with servers[0] as a, servers[1] as b, servers[2] as c:
        mine = fetcher(a, b, c, concurrency=4)
        with (
            under_way(mine, a.url(), 2),
            under_way(mine, b.url(host="127.0.0.2"), 2),
        ):
            _wait_for(lambda: a.connections == b.connections == 2)
            with pytest.raises(FetchBusy):
                mine.fetch(c.url(host="127.0.0.3"))
            a.close()
            b.close()
