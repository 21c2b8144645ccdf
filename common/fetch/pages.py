"""Finds the picture that a web page names as its own, for previews of links to it."""

import contextlib
import json
import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from lxml import etree

from common.errors import UrlInvalid
from common.fetch.urls import Url, join

MAX_PAGE_BYTES = 512_000
"""How much of a page is read at most; the names of pictures stand in its head."""
# The best first. `property` belongs to Open Graph, `name` to Twitter; pages mix them up.
_META = (
    "og:image:secure_url",
    "og:image",
    "og:image:url",
    "twitter:image",
    "twitter:image:src",
)
_MAX_JSON_VALUES = 10_000
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?>(?:<\?xml[^>]*>|<!--.*?-->)\s*)*+<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w:.-]+)", re.IGNORECASE)
# The encodings that web pages use; Python knows others, some of them very slow.
_ENCODINGS = re.compile(
    r"utf-?(?:8|16(?:le|be)?)|(?:us-)?ascii|iso-?8859-\d+|latin-?\d|windows-\d+|cp\d+|koi8-[ru]"
    r"|shift[_-]?jis|sjis|euc-(?:jp|kr|cn)|iso-2022-jp|gbk|gb2312|gb18030|big5|macintosh",
    re.IGNORECASE,
)


def looks_like_page(beginning: bytes, content_type: str) -> bool:
    """Whether an answer is a web page, by its first bytes and by what its server says."""
    if "html" in content_type.lower():
        is_wide = beginning.startswith((b"\xff\xfe", b"\xfe\xff"))  # UTF-16
        return is_wide or not _BINARY.search(beginning[:512])
    return _HTML.match(beginning[:4096]) is not None


def picture_of_page(page: bytes, url: Url, content_type: str = "") -> Url | None:
    """The address of the picture that a page names; None if it names none.

    In this order: Open Graph's `og:image`, Twitter's `twitter:image`, `link rel="image_src"`,
    `itemprop="image"`, and `image` in JSON-LD (schema.org). An address that is not http(s) counts
    as not named.

    Args:
        page: HTML, or its beginning.
        url: where it lies; relative addresses start there, or at the page's `<base>`.
        content_type: the header; its charset counts.
    """
    text = _decode(page, content_type)
    # A parser that builds no tree: building one takes minutes for half a megabyte of `<div>`.
    names = _Names()
    parser = etree.HTMLParser(target=names, encoding="utf-8")
    with contextlib.suppress(etree.LxmlError):  # what was found before the error counts
        etree.HTML(text.encode("utf-8", "replace"), parser)
    base = _joined(url, names.base) or url
    return next(filter(None, (_joined(base, address) for address in names.pictures())), None)


def _joined(base: Url, address: str) -> Url | None:
    address = address.strip()
    try:
        return join(base, address) if address else None
    except UrlInvalid:
        return None


class _Names:
    """Collects the names of pictures while lxml parses a page."""

    def __init__(self) -> None:
        self.base = ""
        self._meta: dict[str, str] = {}
        self._links: list[str] = []
        self._json: list[list[str]] = []
        self._in_json = False

    def pictures(self) -> Iterator[str]:
        """Every address that was found, the best first."""
        yield from (self._meta[name] for name in _META if self._meta.get(name))
        yield from self._links
        if self._meta.get("image"):
            yield self._meta["image"]
        for pieces in self._json:
            yield from _json_images("".join(pieces))

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._in_json = tag == "script" and "ld+json" in attributes.get("type", "").lower()
        if self._in_json:
            self._json.append([])
        if tag == "meta":
            for key in ("property", "name", "itemprop"):
                name, content = attributes.get(key, "").strip().lower(), attributes.get("content")
                if name and content:
                    self._meta.setdefault(name, content)
        elif tag == "link" and "image_src" in attributes.get("rel", "").lower().split():
            self._links.append(attributes.get("href", ""))
        elif tag == "base" and not self.base:
            self.base = attributes.get("href", "")

    def end(self, tag: str) -> None:
        self._in_json = False

    def data(self, text: str) -> None:
        if self._in_json:
            self._json[-1].append(text)

    def close(self) -> None:
        pass


def _json_images(text: str) -> Iterator[str]:
    """Addresses under the key `image` of JSON-LD, from the outside in."""
    try:
        pending: deque[Any] = deque([json.loads(text)])
    except (ValueError, RecursionError):
        return
    for _ in range(_MAX_JSON_VALUES):
        if not pending:
            break
        value = pending.popleft()
        if isinstance(value, dict):
            yield from _addresses(value.get("image"))
            pending += value.values()
        elif isinstance(value, list):
            pending += value


def _addresses(image: Any) -> Iterator[str]:
    """An address, an ImageObject, or a list of them."""
    for one in image[:10] if isinstance(image, list) else [image]:
        address = one.get("url") or one.get("contentUrl") if isinstance(one, dict) else one
        if isinstance(address, str) and address:
            yield address


def _decode(page: bytes, content_type: str) -> str:
    """The text of a page. Its encoding: byte order mark, Content-Type, `<meta>`, or UTF-8."""
    if page.startswith((b"\xff\xfe", b"\xfe\xff")):
        return page.decode("utf-16", "replace")
    declared = _CHARSET.search(content_type) or _CHARSET.search(page[:1024].decode("latin-1"))
    name = declared[1] if declared and _ENCODINGS.fullmatch(declared[1]) else "utf-8"
    if name.lower().startswith("utf-16") and declared and declared.string is not content_type:
        name = "utf-8"  # a `<meta>` that could be read byte by byte is not in UTF-16
    try:
        return page.decode(name, "replace")
    except LookupError:
        return page.decode("utf-8", "replace")
