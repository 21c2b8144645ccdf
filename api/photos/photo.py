"""Describes a photo with its credit, whichever source it came from."""

import html
import re
from html.parser import HTMLParser
from typing import Any

from api.schemas.answers import PhotoCredit

ANY = "any"
"""The subject of whoever does not mind what is on the photo."""

_NOT_SHOWN = {"style", "script"}


class Photo(PhotoCredit):
    """A photo that can be shown, with its credit."""

    raw: dict[str, Any]
    """The source's own record."""


def plain_text(value: object, longest: int = 200) -> str:
    """Text of a field that may hold HTML, entities or nothing at all, on one line.

    What comes back is plain text: a `<` in it is a character, not the start of a tag.
    """
    if not isinstance(value, str):
        return ""
    text = value
    if re.search(r"<[a-zA-Z/!]", value):
        parser = _Text()
        parser.feed(value)
        parser.close()
        text = "".join(parser.parts)
    text = " ".join(html.unescape(text).split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def web_address(value: object) -> str | None:
    """The value if it is an absolute http(s) address (`//host/path` becomes https), else None."""
    if not isinstance(value, str):
        return None
    address = f"https:{value}" if value.startswith("//") else value
    return address if re.match(r"https?://[^\s/]+", address, re.IGNORECASE) else None


class _Text(HTMLParser):
    """The text between the tags; what a browser would not show is left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _NOT_SHOWN
        self.parts.append(" " if tag in {"br", "p", "div", "li"} else "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _NOT_SHOWN and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)
