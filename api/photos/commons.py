"""Searches Wikimedia Commons, without a key, by its rules on user agents and widths."""

import random
import re
from typing import Any

from api.photos.photo import Photo, plain_text, web_address
from api.photos.remote import (
    TIMEOUT_S,
    RemoteSource,
    SourceFailure,
    as_source_failure,
    new_session,
)

WIDTH = 960
"""One of the standard thumbnail widths; other widths are answered with an error page."""
LIMIT = 50
TYPES = ("image/jpeg", "image/png", "image/webp")


class Commons(RemoteSource):
    """Photos in random order whose title holds the words."""

    name = "commons"
    title = "Wikimedia Commons"

    def __init__(self, url: str, contact: str | None = None) -> None:
        """Set up the session; nothing is asked yet."""
        super().__init__()
        self._url = url
        self._session = new_session(contact)

    def search(self, words: str) -> list[Photo]:
        """Up to 50 photos. By title, since the full text finds what merely mentions the word."""
        titles = " ".join(f"intitle:{word}" for word in re.findall(r"\w+", words))
        query = {
            "action": "query",
            "format": "json",
            "formatversion": "2",
            "generator": "search",
            "gsrnamespace": "6",
            "gsrsearch": f"filetype:bitmap {titles}",
            "gsrsort": "random",
            "gsrlimit": str(LIMIT),
            "prop": "imageinfo",
            "iiprop": "url|size|mime|user|extmetadata",
            "iiurlwidth": str(WIDTH),
        }
        with as_source_failure():
            answer = self._session.get(self._url, params=query, timeout=TIMEOUT_S).json()
            if "error" in answer:
                code = str(answer["error"].get("code", "?"))[:40]
                if code in {"ratelimited", "maxlag"}:
                    raise SourceFailure("was asked too often", 30.0)
                raise SourceFailure(f"answered with its error {code}")
            pages = answer.get("query", {}).get("pages", [])  # nothing found: no query
            records = list(pages.values()) if isinstance(pages, dict) else list(pages)
        photos = [photo for record in records if (photo := _photo(record))]
        random.shuffle(photos)
        return photos


def _photo(record: Any) -> Photo | None:
    """A page of the answer as a photo; None if it cannot be shown, or not with its credit."""
    try:
        info = record["imageinfo"][0]
        meta = info.get("extmetadata") or {}
    except (AttributeError, IndexError, KeyError, TypeError):
        return None

    def text(field: str) -> str:
        value = meta.get(field) if isinstance(meta, dict) else None
        return plain_text(value.get("value")) if isinstance(value, dict) else ""

    image = web_address(info.get("thumburl")) or web_address(info.get("url"))
    page = web_address(info.get("descriptionurl"))
    licence = text("LicenseShortName")
    # Everything on Commons is free but for rare exceptions, which are marked.
    not_free = text("NonFree").lower() == "true" or re.search(r"\b(NC|ND)\b", licence)
    if info.get("mime") not in TYPES or not image or not page or not licence or not_free:
        return None
    title = re.sub(r"^File:|\.\w{3,4}$", "", plain_text(record.get("title")))
    return Photo(
        source=Commons.name,
        id=str(record.get("pageid", "")),
        title=title.replace("_", " ") or "Untitled",
        author=text("Artist") or plain_text(info.get("user")) or None,
        licence=licence,
        licence_url=web_address(text("LicenseUrl")),
        page_url=page,
        image_url=image,
        subject="",
        raw=record,
    )
