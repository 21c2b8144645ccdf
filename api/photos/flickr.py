"""Searches Flickr through flickrapi, and adds what that lacks: time limits, one kind of error."""

import random
import re
from pathlib import Path
from typing import Any

import flickrapi
from pydantic import BaseModel, SecretStr, ValidationError

from api.photos.photo import Photo, plain_text, web_address
from api.photos.remote import (
    TIMEOUT_S,
    RemoteSource,
    SourceFailure,
    as_source_failure,
    new_session,
)
from api.settings import SettingsError

PER_PAGE = 500
REACHABLE = 4000
"""Flickr shows at most the first 4,000 results of a search; after that only duplicates."""

_CC = "https://creativecommons.org"
# flickr.photos.licenses.getInfo, 2025-06: the free ones. The rest (0 all rights reserved; 1, 2, 3,
# 14, 15, 16 non-commercial; 3, 6, 13, 16 no derivatives) is neither asked for nor shown.
FREE_LICENCES = {
    4: ("CC BY 2.0", f"{_CC}/licenses/by/2.0/"),
    5: ("CC BY-SA 2.0", f"{_CC}/licenses/by-sa/2.0/"),
    7: ("No known copyright restrictions", "https://www.flickr.com/commons/usage/"),
    8: ("United States Government Work", "https://www.usa.gov/government-works"),
    9: ("CC0 1.0", f"{_CC}/publicdomain/zero/1.0/"),
    10: ("Public Domain Mark 1.0", f"{_CC}/publicdomain/mark/1.0/"),
    11: ("CC BY 4.0", f"{_CC}/licenses/by/4.0/"),
    12: ("CC BY-SA 4.0", f"{_CC}/licenses/by-sa/4.0/"),
}
# A little above what the page shows is enough. A size larger than the original is absent.
SIZES = ("url_c", "url_l", "url_z", "url_m", "url_n", "url_s")
INVALID_KEY = 100


class FlickrKeys(BaseModel):
    """What FLICKR_KEYS_FILE holds."""

    public: SecretStr
    secret: SecretStr


def read_keys(path: Path) -> FlickrKeys:
    """Read the JSON file with `public` and `secret`.

    Raises:
        SettingsError: one sentence that names the setting and the file, never its content.
    """
    try:
        return FlickrKeys.model_validate_json(path.read_bytes())
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
    except ValidationError:
        reason = 'must be JSON of the form {"public": "…", "secret": "…"}'
    raise SettingsError(f"FLICKR_KEYS_FILE={path}: the file {reason}.")


class Flickr(RemoteSource):
    """Free, safe photos of a random page among the first 4,000 results of a search."""

    name = "flickr"
    title = "Flickr"

    def __init__(self, keys: FlickrKeys, url: str, contact: str | None = None) -> None:
        """Set up the client; nothing is asked yet."""
        super().__init__()
        self._api = flickrapi.FlickrAPI(
            keys.public.get_secret_value(),
            keys.secret.get_secret_value(),
            format="parsed-json",
            store_token=False,  # else it writes to the home directory
            timeout=TIMEOUT_S,  # else it waits for ever
        )
        self._api.REST_URL = url
        # flickrapi's own session is shared by the whole process.
        self._api.flickr_oauth.session = new_session(contact)
        self._pages: dict[str, int] = {}

    def search(self, words: str) -> list[Photo]:
        """One page of results; which one is drawn as soon as their number is known."""
        page = random.randint(1, self._pages.get(words, 1))
        with as_source_failure():
            answer = self._ask(words, page)
            found = answer["photos"]
            pages = min(int(found.get("pages") or 0), REACHABLE // PER_PAGE)
            self._pages[words] = max(pages, 1)
            records = [record for record in found["photo"] if isinstance(record, dict)]
        photos = [photo for record in records if (photo := _photo(record))]
        random.shuffle(photos)
        return photos

    def _ask(self, words: str, page: int) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._api.photos.search(
                text=words,
                license=",".join(map(str, FREE_LICENCES)),
                safe_search=1,
                content_type=1,  # photos; no screenshots, no drawings
                media="photos",
                sort="relevance",
                extras=",".join(("license", "owner_name", *SIZES)),
                per_page=PER_PAGE,
                page=page,
            )
        except flickrapi.FlickrError as error:
            code = str(error.code) if error.code is not None else "?"
            if code == str(INVALID_KEY):
                raise SourceFailure("does not accept the key in FLICKR_API_KEY") from None
            raise SourceFailure(f"answered with its error {code[:8]}") from None
        except ValueError:  # flickrapi lets json's own error through
            raise SourceFailure("sent something that is not JSON") from None
        if answer.get("stat") != "ok":
            raise SourceFailure("sent an answer that makes no sense")
        return answer


def _photo(record: dict[str, Any]) -> Photo | None:
    """A record of the search as a photo; None if it cannot be shown, or not with its credit."""
    photo_id, owner = str(record.get("id", "")), str(record.get("owner", ""))
    image = next((url for size in SIZES if (url := web_address(record.get(size)))), None)
    if not image or not re.fullmatch(r"\d+", photo_id) or not re.fullmatch(r"[\w@-]+", owner):
        return None
    licence = str(record.get("license", ""))
    if licence and (not licence.isdigit() or int(licence) not in FREE_LICENCES):
        return None
    # Without the field: only free ones were asked for, and the photo's page says which it is.
    name, url = FREE_LICENCES[int(licence)] if licence else (None, None)
    return Photo(
        source=Flickr.name,
        id=photo_id,
        title=plain_text(record.get("title")) or "Untitled",
        author=plain_text(record.get("ownername")) or owner,
        licence=name,
        licence_url=url,
        page_url=f"https://www.flickr.com/photos/{owner}/{photo_id}",
        image_url=image,
        subject="",
        raw=record,
    )
