"""The fetcher against servers that are slow, endless, lying or inside."""

import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from common.errors import (
    FetchBusy,
    FetchError,
    FetchFailed,
    FetchTimeout,
    ImageTooLarge,
    UrlInvalid,
    UrlNotAllowed,
)
from common.fetch.fetcher import MAX_REDIRECTS, Fetcher
from support.raw_server import RawServer, by_path, forever, ok, redirect, says

LOOPBACK = [ip_network("127.0.0.0/8")]
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
NEVER = threading.Event()
PATIENCE_S = 60


def fetcher(*servers: RawServer, **changes: Any) -> Fetcher:
    settings: dict[str, Any] = {
        "timeout_s": PATIENCE_S,
        "max_bytes": 100_000,
        "concurrency": 8,
        "allowed_ports": [server.port for server in servers],
        "allowed_networks": LOOPBACK,
    }
    return Fetcher(**settings | changes)


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


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Name -> the answers to its lookups, one after the other; the last one stays."""
    table: dict[str, list[list[str]]] = {}

    def getaddrinfo(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        answers = table[host]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port, 0, 0) if ":" in address else (address, port),
            )
            for address in answer
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return table


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
        RawServer(DRIPS["body of a length"]) as slow,
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
    servers = [RawServer(DRIPS["body of a length"], host=f"127.0.0.{i}") for i in (1, 2, 3)]
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


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of `tls.example`, which nobody trusts unless told to."""
    path = tmp_path_factory.mktemp("tls") / "tls.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", path, "-out", f"{path}.crt", "-days", "2", "-subj", "/CN=test"),
            *("-addext", "subjectAltName=DNS:tls.example,DNS:xn--bcher-kva.example"),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


@pytest.fixture
def tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_https(tls: ssl.SSLContext, names: dict[str, list[list[str]]]) -> None:
    names["tls.example"] = names["xn--bcher-kva.example"] = names["wrong.example"] = [["127.0.0.1"]]
    asked: list[str | None] = []
    tls.sni_callback = lambda sock, name, context: asked.append(name)
    with RawServer(ok(b"picture"), tls=tls) as server:
        mine = fetcher(server)
        assert mine.fetch(server.url(host="tls.example")).data == b"picture"
        assert mine.fetch(server.url(host="Bücher.example.")).data == b"picture"
        for host in ("wrong.example", "127.0.0.1"):
            with pytest.raises(FetchFailed):
                mine.fetch(server.url(host=host))
    assert asked[:3] == ["tls.example", "xn--bcher-kva.example", "wrong.example"]


def test_https_does_not_lead_to_http(
    tls: ssl.SSLContext, names: dict[str, list[list[str]]]
) -> None:
    names["tls.example"] = [["127.0.0.1"]]
    with RawServer(ok(b"picture")) as plain:
        with (
            RawServer(redirect(plain.url()), tls=tls) as server,
            pytest.raises(FetchFailed, match="from https to http"),
        ):
            fetcher(server, plain).fetch(server.url(host="tls.example"))
        assert plain.connections == 0


def test_a_certificate_nobody_trusts(certificate: Path, names: dict[str, list[list[str]]]) -> None:
    names["tls.example"] = [["127.0.0.1"]]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with RawServer(ok(b"picture"), tls=context) as server, pytest.raises(FetchFailed):
        fetcher(server).fetch(server.url(host="tls.example"))


def test_a_handshake_that_never_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        start = time.monotonic()
        with pytest.raises(FetchTimeout):
            fetcher(allowed_ports=[port], timeout_s=0.5).fetch(f"https://127.0.0.1:{port}/")
        assert time.monotonic() - start < PATIENCE_S
