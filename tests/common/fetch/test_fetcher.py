"""The fetcher against servers that are slow, endless or lying."""

import re
import threading
import time

import pytest

from common.errors import (
    FetchFailed,
    FetchTimeout,
    ImageTooLarge,
)
from support.fetching import PATIENCE_S, fetcher
from support.raw_server import RawServer, by_path, forever, ok, redirect, says

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
NEVER = threading.Event()


def test_fetches() -> None:
    with RawServer(ok(b"picture")) as server:
        assert fetcher(server).fetch(server.url("/a b?c#d")).data == b"picture"
    (request,) = server.requests
    lines = request.decode().split("\r\n")
    assert lines[0] == "GET /a%20b?c HTTP/1.1"
    names = {line.split(":")[0]: line.partition(": ")[2] for line in lines[1:] if line}
    assert names.pop("User-Agent").startswith("dogorcat/")
    assert names == {
        "Host": f"127.0.0.1:{server.port}",
        "Accept": "image/*,*/*;q=0.8",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }


ANSWERS = {
    "chunked": says(CHUNKED, b"4;x=y\r\npict\r\n3\r\nure\r\n0\r\n\r\n"),
    "until it closes": says(HEAD, b"\r\npicture"),
    "HTTP/1.0": says(b"HTTP/1.0 200 OK\r\n\r\npicture"),
    "length smaller than the body": says(HEAD, b"Content-Length: 7\r\n\r\npicture and more"),
    "100 first": says(b"HTTP/1.1 100 Continue\r\n\r\n", HEAD, b"Content-Length: 7\r\n\r\npicture"),
    "103 and 102 first": says(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 199 What\nX: y\n\n",
        HEAD,
        b"Content-Length: 7\r\n\r\npicture",
    ),
    "203": ok(b"picture", status="203 Non-Authoritative Information"),
    "identity in transfer": says(HEAD, b"Transfer-Encoding: identity\r\n\r\npicture"),
    "identity, with a length": ok(b"picture", "Transfer-Encoding: Identity"),
    "CHUNKED": says(HEAD, b"transfer-encoding:  CHUNKED \r\n\r\n7\r\npicture\r\n0\r\n\r\n"),
    "identity, then chunked": says(
        HEAD, b"Transfer-Encoding: identity, Chunked\r\n\r\n7\r\npicture\r\n0\r\n\r\n"
    ),
    "chunked said twice": says(
        HEAD,
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"7\r\npicture\r\n0\r\n\r\n",
    ),
    "chunked with a parameter": says(
        HEAD, b"Transfer-Encoding: chunked;q=1\r\n\r\n7\r\npicture\r\n0\r\n\r\n"
    ),
    "no reason phrase": says(b"HTTP/1.1 200\r\nContent-Length: 7\r\n\r\npicture"),
    "names what it likes": ok(b"picture", "Content-Type: application/zip", "Set-Cookie: a=b"),
    "wrong length": says(HEAD, b"Content-Length: many\r\n\r\npicture"),
}


# What servers and stores write there beside real codings: the bytes are as they are.
ANSWERS |= {
    f"content encoding {value!r}": ok(b"picture", f"Content-Encoding: {value}")
    for value in (
        "identity",
        "",
        "utf-8",
        "UTF-8",
        "none",
        "None",
        "null",
        "binary",
        "base64",
        "8bit",
        "aws-chunked",
        "AWS-Chunked, Identity",
        "utf-8,none",
        "image/jpeg",
        "amz-1.0",
    )
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_that_are_good_enough(name: str) -> None:
    with RawServer(ANSWERS[name]) as server:
        assert fetcher(server).fetch(server.url()).data == b"picture"


BROKEN = {
    "404": ok(b"picture", status="404 Not Found"),
    "500": ok(b"picture", status="500 Internal Server Error"),
    "204": ok(b"", status="204 No Content"),
    "206": ok(b"pict", status="206 Partial Content"),
    "401": ok(b"", "WWW-Authenticate: Basic", status="401 Unauthorized"),
    "nothing at all": says(b""),
    "no HTTP": says(b"220 mail.example ESMTP\r\n"),
    "HTTP/0.9": says(b"<html>"),
    "HTTP/2": says(b"\0\0\x12\4\0\0\0\0\0"),
    "ends in the headers": says(HEAD, b"Content-Le"),
    "length larger than the body": says(HEAD, b"Content-Length: 99\r\n\r\npicture"),
    "ends in a chunk": says(CHUNKED, b"ff\r\npict"),
    "no chunk": says(CHUNKED, b"picture\r\n"),
    "a chunk of negative length": says(CHUNKED, b"-5\r\nx\r\n"),
    "101": ok(b"", "Upgrade: websocket", status="101 Switching Protocols"),
    "103 and no more": says(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "gzip in transfer": says(HEAD, b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    "a line too long": says(HEAD, b"X: " + b"x" * 70_000 + b"\r\n\r\n"),
    "too many headers": says(HEAD, b"X: x\r\n" * 200, b"\r\n"),
    "redirect to nowhere": ok(b"", status="302 Found"),
}


@pytest.mark.parametrize(
    "value",
    ["gzip", "x-gzip", "GZip", "deflate", "br", "zstd", "compress", "utf-8, gzip", '"br"', "dcz"],
)
def test_a_compression_that_was_not_asked_for(value: str) -> None:
    with (
        RawServer(ok(b"\x1f\x8b\x08", f"Content-Encoding: {value}")) as server,
        pytest.raises(FetchFailed, match=r"compressed its answer \([a-z-]+\)"),
    ):
        fetcher(server).fetch(server.url())


@pytest.mark.parametrize("name", BROKEN)
def test_broken_answers(name: str) -> None:
    with RawServer(BROKEN[name]) as server, pytest.raises(FetchFailed):
        fetcher(server).fetch(server.url())


TOO_LARGE = {
    "by its length": says(HEAD, b"Content-Length: 100001\r\n\r\n"),
    "by its body": says(HEAD, b"\r\n", b"x" * 100_001),
    "endless": forever(HEAD + b"\r\n", b"x" * 10_000, 0, NEVER),
    "endless chunks": forever(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
        b"2710\r\n" + b"x" * 10_000 + b"\r\n",
        0,
        NEVER,
    ),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_too_large(name: str) -> None:
    with RawServer(TOO_LARGE[name]) as server, pytest.raises(ImageTooLarge, match=r"0\.1 MB"):
        fetcher(server).fetch(server.url())


def test_what_a_failed_fetch_has_dropped_is_told() -> None:
    """Or a few links that are too large would leave no memory for the good ones of a batch."""
    told: list[int] = []
    for answer, left in (
        (ok(b"picture"), 7),
        (forever(CHUNKED, b"2710\r\n" + b"x" * 10_000 + b"\r\n", 0, NEVER), 0),
    ):
        told.clear()
        with RawServer(answer) as server:
            try:
                fetcher(server).fetch(server.url(), on_bytes=told.append)
            except ImageTooLarge:
                assert min(told) < -100_000
        assert sum(told) == left


@pytest.mark.parametrize("contact", [None, "ops@example.org", "https://example.org/bot"])
def test_who_runs_this_is_told_wherever_something_is_fetched(contact: str | None) -> None:
    with by_path({"/": redirect("/cat"), "/cat": ok(b"picture")}) as server:
        fetcher(server, contact=contact).fetch(server.url())
    for request in server.requests:
        agent = re.search(rb"\r\nUser-Agent: (.*)\r\n", request)
        assert agent is not None
        assert agent[1].startswith(b"dogorcat/0.1 (")
        assert (contact or "picture classifier").encode() in agent[1]
    assert len(server.requests) == 2


def test_exactly_as_large_as_allowed() -> None:
    with RawServer(ok(b"x" * 100_000)) as server:
        assert len(fetcher(server).fetch(server.url()).data) == 100_000


ENDLESS_BESIDE_THE_BODY = {
    "interim answers": forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, 0, NEVER),
    "trailers": forever(CHUNKED + b"0\r\n", b"X: x\r\n" * 1000, 0, NEVER),
    "chunk extensions": forever(CHUNKED, b"1;" + b"x" * 9000 + b"\r\nx\r\n", 0, NEVER),
}


@pytest.mark.parametrize("name", ENDLESS_BESIDE_THE_BODY)
def test_endless_beside_the_body(name: str) -> None:
    with RawServer(ENDLESS_BESIDE_THE_BODY[name]) as server, pytest.raises(FetchFailed):
        fetcher(server).fetch(server.url())


DRIPS = {
    "never answers": forever(b"", b"", 0.05, NEVER),
    "status line": forever(b"", b"H", 0.05, NEVER),
    "headers": forever(HEAD, b"X", 0.05, NEVER),
    "many headers": forever(HEAD, b"X: x\r\n", 0.05, NEVER),
    "interim answers": forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05, NEVER),
    "body": forever(HEAD + b"\r\n", b"x", 0.05, NEVER),
    "body of a length": forever(HEAD + b"Content-Length: 99999\r\n\r\n", b"x", 0.05, NEVER),
    "chunks": forever(CHUNKED, b"1\r\nx\r\n", 0.05, NEVER),
    "size of a chunk": forever(CHUNKED, b"0", 0.05, NEVER),
}


@pytest.mark.parametrize("name", DRIPS)
def test_one_deadline_for_a_server_that_drips(name: str) -> None:
    with RawServer(DRIPS[name]) as server:
        start = time.monotonic()
        with pytest.raises(FetchTimeout):
            fetcher(server, timeout_s=0.5).fetch(server.url())
        assert time.monotonic() - start >= 0.5


def test_a_request_can_shorten_the_deadline_but_not_lengthen_it() -> None:
    with RawServer(DRIPS["body"]) as server:
        for own, asked in ((10 * PATIENCE_S, 0.3), (0.3, 10 * PATIENCE_S)):
            start = time.monotonic()
            with pytest.raises(FetchTimeout):
                fetcher(server, timeout_s=own).fetch(server.url(), timeout_s=asked)
            assert time.monotonic() - start < PATIENCE_S
        with pytest.raises(FetchTimeout):
            fetcher(server).fetch(server.url(), timeout_s=0)
