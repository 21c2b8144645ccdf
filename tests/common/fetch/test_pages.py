"""The picture of a page: which of its names counts, however the page is written."""

import time
from collections.abc import Callable

import pytest

from common.fetch.pages import MAX_PAGE_BYTES, looks_like_page, picture_of_page
from common.fetch.urls import parse_url

PAGE = parse_url("https://blog.example/posts/cat?id=1")
HEAD = "<!doctype html><html><head>"


def named(page: str | bytes, content_type: str = "text/html; charset=utf-8") -> str | None:
    data = page.encode() if isinstance(page, str) else page
    found = picture_of_page(data, PAGE, content_type)
    return None if found is None else str(found)


def meta(name: str, address: str, key: str = "property") -> str:
    return f'{HEAD}<meta {key}="{name}" content="{address}">'


ADDRESS = "https://pics.example/cat.jpg"
LD = '<script type="application/ld+json">{}</script>'
WAYS: dict[str, str] = {
    "og:image": meta("og:image", ADDRESS),
    "og:image:url": meta("og:image:url", ADDRESS),
    "og:image:secure_url": meta("og:image:secure_url", ADDRESS),
    "og:image as a name": meta("og:image", ADDRESS, "name"),
    "twitter:image": meta("twitter:image", ADDRESS, "name"),
    "twitter:image as a property": meta("twitter:image", ADDRESS),
    "twitter:image:src": meta("twitter:image:src", ADDRESS, "name"),
    "in capitals": f"<META PROPERTY='OG:Image' CONTENT='{ADDRESS}'>",
    "without quotes": f"<meta content={ADDRESS} property=og:image>",
    "with space around": meta(" og:image ", f"\n {ADDRESS} \t"),
    "in the body": f"{HEAD}</head><body><p>x<meta property=og:image content={ADDRESS}>",
    "image_src": f'{HEAD}<link rel="image_src" href="{ADDRESS}">',
    "image_src among others": f'<link href="{ADDRESS}" rel="shortlink Image_Src">',
    "itemprop": f'<meta itemprop="image" content="{ADDRESS}">',
    "JSON-LD": HEAD + LD.format(f'{{"@type": "Article", "image": "{ADDRESS}"}}'),
    "JSON-LD, a list": HEAD + LD.format(f'[{{"image": ["{ADDRESS}", "http://x.example/"]}}]'),
    "JSON-LD, an object": LD.format(f'{{"@graph": [{{"image": {{"url": "{ADDRESS}"}}}}]}}'),
    "JSON-LD, after a broken one": LD.format("{") + LD.format(f'{{"image": "{ADDRESS}"}}'),
    "the first of several": meta("og:image", ADDRESS) + meta("og:image", "https://x.example/2"),
    "the next where one is no address": (
        meta("og:image", "data:image/png;base64,AAAA") + meta("twitter:image", ADDRESS)
    ),
    "the next where one is empty": meta("og:image", "") + meta("twitter:image", ADDRESS),
    "the next of its name where one is empty": meta("og:image", "") + meta("og:image", ADDRESS),
    "not what is a comment": f"<!-- {meta('og:image', 'https://x.example/')} -->"
    + meta("og:image", ADDRESS),
    "not what is a script": "<script>'<meta property=og:image content=https://x.example/>'</script>"
    + meta("og:image", ADDRESS),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_name_a_picture(way: str) -> None:
    assert named(WAYS[way]) == ADDRESS


def test_the_order() -> None:
    ways = [
        meta("og:image:secure_url", "/1"),
        meta("og:image", "/2"),
        meta("og:image:url", "/3"),
        meta("twitter:image", "/4"),
        meta("twitter:image:src", "/5"),
        '<link rel="image_src" href="/6">',
        '<meta itemprop="image" content="/7">',
        LD.format('{"image": "/8"}'),
    ]
    for i in range(len(ways)):
        page = "".join(reversed(ways[i:]))
        assert named(page) == f"https://blog.example/{i + 1}"


RELATIVE = [
    ("cat.jpg", "", "https://blog.example/posts/cat.jpg"),
    ("../cat.jpg", "", "https://blog.example/cat.jpg"),
    ("//pics.example/cat.jpg", "", "https://pics.example/cat.jpg"),
    ("/a b/Kätzchen.jpg?x=1&amp;y=2", "", "https://blog.example/a%20b/K%C3%A4tzchen.jpg?x=1&y=2"),
    ("/猫.jpg", "", "https://blog.example/%E7%8C%AB.jpg"),
    ("https://bücher.example/", "", "https://xn--bcher-kva.example/"),
    ("cat.jpg", "https://cdn.example/p/", "https://cdn.example/p/cat.jpg"),
    ("cat.jpg", "/p/", "https://blog.example/p/cat.jpg"),
    ("cat.jpg", "http://[", "https://blog.example/posts/cat.jpg"),
    ("?", "", "https://blog.example/posts/cat?"),
]


@pytest.mark.parametrize(("address", "base", "leads_to"), RELATIVE)
def test_relative_addresses(address: str, base: str, leads_to: str) -> None:
    element = f'<base href="{base}"><base href="https://x.example/">' if base else ""
    assert named(HEAD + element + meta("og:image", address)) == leads_to


NO_PICTURE = [
    "",
    "<html>",
    "<html><body><img src=cat.jpg></body></html>",
    meta("og:image", "javascript:alert(1)"),
    meta("og:image", "https://user:secret@x.example/"),
    meta("og:image", "http://[::1"),
    meta("og:image", "https://x.example/" + "a" * 3000),
    meta("og:title", ADDRESS),
    "<meta property=og:image>",
    "<link rel=image_src>",
    LD.format('{"image": 5}') + LD.format("[" * 100_000) + LD.format('{"image": {"url": null}}'),
]


@pytest.mark.parametrize("page", NO_PICTURE)
def test_pages_without_a_picture(page: str) -> None:
    assert named(page) is None


ENCODED: list[tuple[str, str, Callable[[str], bytes]]] = [
    ("text/html; charset=windows-1251", "", lambda page: page.encode("cp1251")),
    ('text/html; charset="Shift_JIS"', "", lambda page: page.encode("shift_jis")),
    ("text/html", "<meta charset=gb18030>", lambda page: page.encode("gb18030")),
    ("text/html", "<meta charset='utf-8'>", lambda page: page.encode()),
    ("text/html", "<?xml version='1.0' encoding='x'?>", lambda page: page.encode()),
    ("text/html", "", lambda page: page.encode("utf-16")),
    ("text/html", "", lambda page: b"\xef\xbb\xbf" + page.encode()),
    ("text/html; charset=utf-8", "<meta charset=koi8-r>", lambda page: page.encode()),
    ("", "", lambda page: page.encode()),
]


@pytest.mark.parametrize(("content_type", "element", "encode"), ENCODED)
def test_encodings(content_type: str, element: str, encode: Callable[[str], bytes]) -> None:
    page = encode(element + meta("og:image", "/жук.jpg"))
    assert named(page, content_type) == str(parse_url("https://blog.example/жук.jpg"))


@pytest.mark.parametrize(
    "charset", ["punycode", "idna", "zlib", "unicode_escape", "utf-7", "undefined", "no-such", "ä"]
)
def test_an_encoding_that_is_none_of_the_web(charset: str) -> None:
    page = f"<meta charset={charset}>" + meta("og:image", ADDRESS)
    assert named(page, "text/html") == ADDRESS
    assert named(page, f"text/html; charset={charset}") == ADDRESS


def test_bytes_that_are_no_text() -> None:
    page = b"<html>\xff\xfe\0\x80" + meta("og:image", ADDRESS).encode() + b"\xc3"
    assert named(page) == ADDRESS


HOSTILE = [
    "<div>",
    "<a ",
    "<p><b><i><table>",
    "<form><div>",
    "<b><p>",
    "<!--",
    "<!---->",
    "</",
    "<?xml>",
    "<a b='",
    "&amp;",
    "&",
    "<svg><![CDATA[",
    "<template>",
    "<script type=application/ld+json>[",
    "<script type=application/ld+json>[]</script>",
    "<meta property=og:image content=http://[>",
    "<link rel=image_src href=data:,>",
    "<base href=http://[>",
    "charset=",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_work_is_bounded_whatever_a_page_holds(unit: str) -> None:
    """Cubic or quadratic work would take minutes; the bound is far above what is needed."""
    page = (unit * (MAX_PAGE_BYTES // len(unit))).encode()
    start = time.process_time()
    named(page)
    looks_like_page(page, "")
    assert time.process_time() - start < 20


PAGES: list[tuple[bytes, str, bool]] = [
    (b"<!DOCTYPE html>", "", True),
    (b"\n <!-- hello --> <HTML>", "", True),
    (b"\xef\xbb\xbf<?xml version='1.0'?><!DOCTYPE html>", "text/plain", True),
    (b"<p>A fragment", "text/html", True),
    (b"A cat", "application/xhtml+xml", True),
    ("<html>".encode("utf-16"), "text/html", True),
    (b"<svg xmlns=''>", "", False),
    (b"A cat", "text/plain", False),
    (b"<htmlish>", "", False),
    (b"\xff\xd8\xff\xe0\0\x10JFIF", "text/html", False),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "text/html", False),
    (b"RIFF\x24\0\0\0WEBPVP8 ", "text/html; charset=utf-8", False),
    (b"GIF89a\x40\0\x30\0", "text/html", False),
    (b"\0\0\0\x1cftypavif", "text/html", False),
    (b"", "", False),
]


@pytest.mark.parametrize(("beginning", "content_type", "is_page"), PAGES)
def test_what_is_a_page(beginning: bytes, content_type: str, is_page: bool) -> None:
    assert looks_like_page(beginning, content_type) is is_page
