"""A link to a page leads to the picture that it names: one step, under the same rules."""

import socket
import threading
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest

from common.errors import (
    DogorcatError,
    FetchFailed,
    FetchTimeout,
    ImageTooLarge,
    ImageTypeUnsupported,
    UrlNotAllowed,
)
from common.fetch import search_links
from common.fetch.pages import MAX_PAGE_BYTES
from support.fetching import fetcher
from support.raw_server import Answer, RawServer, by_path, forever, ok, redirect, says

HTML = "Content-Type: text/html; charset=utf-8"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
NEVER = threading.Event()


def page(address: str, extra: str = "") -> Answer:
    body = f'<!doctype html><head><meta property="og:image" content="{address}">{extra}'
    return ok(body.encode(), HTML)


def test_a_picture_says_where_it_lay() -> None:
    with by_path({"/a": redirect("/b"), "/b": ok(b"picture")}) as server:
        fetched = fetcher(server).fetch(server.url("/a"))
    assert (fetched.url, fetched.page) == (server.url("/b"), None)


def test_a_page_leads_to_its_picture() -> None:
    answers = {
        "/post": redirect("/blog/post"),
        "/blog/post": page("../cat%20photo.jpg"),
        "/cat%20photo.jpg": redirect("/cat"),
        "/cat": ok(b"picture"),
    }
    with by_path(answers) as server:
        fetched = fetcher(server).fetch(server.url("/post"))
    assert fetched.data == b"picture"
    assert fetched.url == server.url("/cat")
    assert fetched.page == server.url("/blog/post")


def test_a_page_names_a_picture_of_another_server() -> None:
    with (
        RawServer(ok(b"picture")) as pictures,
        RawServer(page(pictures.url("/cat.jpg"))) as pages,
    ):
        fetched = fetcher(pages, pictures).fetch(pages.url())
    assert (fetched.data, fetched.url) == (b"picture", pictures.url("/cat.jpg"))


def test_a_picture_that_is_called_a_page_is_a_picture() -> None:
    with RawServer(ok(b"\xff\xd8\xff\xe0\0\x10JFIF", HTML)) as server:
        assert fetcher(server).fetch(server.url()).page is None


def test_a_search_result_leads_to_its_picture() -> None:
    with RawServer(ok(b"picture")) as server:
        address = server.url("/cat.jpg")
        link = f"https://www.google.com/imgres?imgurl={quote(address, safe='')}&x=1"
        fetched = fetcher(server).fetch(f" {link}\n")
    assert (fetched.data, fetched.url, fetched.page) == (b"picture", address, link)


def test_an_address_inside_is_not_dialled_for_a_search_engine_either() -> None:
    link = "https://www.google.com/imgres?imgurl=http%3A%2F%2F169.254.169.254%2F"
    assert search_links.picture_of_search(link)
    with pytest.raises(UrlNotAllowed):
        fetcher(allowed_ports=[80]).fetch(link)


NAMED: list[tuple[str, type[DogorcatError], str]] = [
    # what the page names, what comes of it, in which words; {port} is the server's
    ("", ImageTypeUnsupported, "names no picture.*Copy image address"),
    ("data:image/png;base64,AAAA", ImageTypeUnsupported, "names no picture"),
    ("ftp://127.0.0.1/cat.jpg", ImageTypeUnsupported, "names no picture"),
    ("http://user@127.0.0.1:{port}/cat.jpg", ImageTypeUnsupported, "names no picture"),
    ("/", ImageTypeUnsupported, "names itself"),
    ("http://127.0.0.1:{port}/#part", ImageTypeUnsupported, "names itself"),
    ("/other-page", ImageTypeUnsupported, "is a page, too"),
    ("/to-other-page", ImageTypeUnsupported, "is a page, too"),
    ("http://127.0.0.1:22/", FetchFailed, "an address not fetched"),
    ("http://10.0.0.1:{port}/", UrlNotAllowed, "not open to the public"),
    ("http://169.254.169.254:{port}/latest/meta-data/", UrlNotAllowed, "not open to the public"),
    ("http://[::1]:{port}/", UrlNotAllowed, "not open to the public"),
    ("http://nowhere.invalid:{port}/", UrlNotAllowed, "not open to the public"),
    ("/to-inside", UrlNotAllowed, "not open to the public"),
    ("/404", FetchFailed, "does not have this picture"),
    ("/large", ImageTooLarge, r"larger than 0\.1 MB"),
]


@pytest.mark.parametrize(("address", "error", "words"), NAMED)
def test_what_a_page_must_not_name(address: str, error: type[Exception], words: str) -> None:
    answers = {
        "/other-page": page("/cat.jpg"),
        "/to-other-page": redirect("/other-page"),
        "/404": ok(b"", status="404 Not Found"),
        "/large": ok(b"x" * 100_001),
        "/cat.jpg": ok(b"picture"),
    }
    told: list[int] = []
    with by_path(answers) as server:
        answers["/"] = page(address.format(port=server.port))
        answers["/to-inside"] = redirect(f"http://10.0.0.1:{server.port}/")
        with pytest.raises(error, match=words):
            fetcher(server).fetch(server.url(), on_bytes=told.append)
    assert not any(b"/cat.jpg" in request for request in server.requests)
    assert sum(told) == 0, "nothing is held that was dropped"


def test_only_the_picture_is_held() -> None:
    told: list[int] = []
    with by_path({"/": page("/cat.jpg", "x" * 50_000), "/cat.jpg": ok(b"picture")}) as server:
        fetcher(server).fetch(server.url(), on_bytes=told.append)
    assert sum(told) == len(b"picture")


META = b'<meta property="og:image" content="/cat.jpg">'
HUGE: dict[str, Callable[[], Answer]] = {
    "50 MB": lambda: says(
        HEAD, b"Content-Length: 50000000\r\n\r\n<html>", META, b"<p>cat</p>" * 5_000_000
    ),
    "endless": lambda: forever(HEAD + b"\r\n<html>" + META, b"x" * 10_000, 0, NEVER),
    "endless, of a length": lambda: forever(
        HEAD + b"Content-Length: 9999999999\r\n\r\n<html>" + META, b"x" * 10_000, 0, NEVER
    ),
    "an endless head": lambda: forever(
        HEAD + b"\r\n<html><head>" + META, b"<meta name=a content=b>" * 500, 0, NEVER
    ),
    "without a type": lambda: forever(
        b"HTTP/1.1 200 OK\r\n\r\n<!doctype html>" + META, b"x" * 10_000, 0, NEVER
    ),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_page_is_read_so_far_and_no_further(name: str) -> None:
    told: list[int] = []
    with by_path({"/": HUGE[name](), "/cat.jpg": ok(b"picture")}) as server:
        fetched = fetcher(server).fetch(server.url(), on_bytes=told.append)
    assert fetched.data == b"picture"
    assert max(told) <= 65_536
    assert sum(count for count in told if count > 0) <= MAX_PAGE_BYTES + len(b"picture")


def test_a_page_may_be_larger_than_a_picture() -> None:
    answers = {"/": page("/cat.jpg", "x" * 300_000), "/cat.jpg": ok(b"picture")}
    with by_path(answers) as server:
        assert fetcher(server).fetch(server.url()).data == b"picture"


def test_a_page_that_breaks_off() -> None:
    with (
        RawServer(says(HEAD, b"Content-Length: 9999\r\n\r\n<html>", META)) as server,
        pytest.raises(FetchFailed, match="broke off"),
    ):
        fetcher(server).fetch(server.url())


def test_one_deadline_for_the_page_and_its_picture() -> None:
    def slow_page(connection: socket.socket) -> None:
        time.sleep(0.3)
        page("/cat.jpg")(connection)

    answers = {"/": slow_page, "/cat.jpg": forever(HEAD + b"\r\n\xff", b"\xd8", 0.05, NEVER)}
    with by_path(answers) as server, pytest.raises(FetchTimeout):
        fetcher(server, timeout_s=0.6).fetch(server.url())
