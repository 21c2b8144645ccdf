"""Shares what Flickr and Commons need: one search for many photos, and pauses after a failure."""

import logging
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import ClassVar

import requests

from api.photos.photo import Photo
from common.errors import (
    FetchBusy,
    FetchError,
    FetchTimeout,
    ImageError,
    PhotoSourceUnavailable,
)
from common.fetch.user_agent import user_agent
from common.images import load_image

TIMEOUT_S = 5.0
"""For connecting to a source and for each wait for its answer."""
FRESH_S = 30 * 60
"""Seconds for which photos are drawn from one search: hundreds of clicks, one call."""
FRESH_EMPTY_S = 60
"""Seconds after which a search that found nothing is repeated."""
TRIES = 3
"""Photos of a source that are tried before the next source is asked."""
BACKOFF_S = (2.0, 60.0)
"""Seconds for which a source is not asked after a failure, doubled by each further one: (first,
longest)."""
BACKOFF_ASKED_S = 600.0
"""Longest such time when the source itself asks for one (Retry-After), in seconds."""

log = logging.getLogger(__name__)


Fetch = Callable[[str], bytes]
"""Gets the bytes behind an address; raises `FetchError`."""


class SourceFailure(PhotoSourceUnavailable):
    """One source has no photo now; the message continues a sentence that names the source."""

    def __init__(self, reason: str, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


@dataclass(slots=True)
class _Pool:
    """What one search found. A photo that is drawn goes to the end: none comes twice in a row."""

    photos: deque[Photo] = field(default_factory=deque)
    until: float = 0.0
    """Monotonic time from which a new search is due."""


class RemoteSource(ABC):
    """A photo service on the web. Thread-safe: one search is under way at a time."""

    name: ClassVar[str]
    """As in PHOTO_SOURCES."""
    title: ClassVar[str]
    """As people call it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pools: dict[str, _Pool] = {}
        self._backoff_until = 0.0
        self._failures = 0

    @abstractmethod
    def search(self, words: str) -> list[Photo]:
        """Ask the service, once.

        Returns:
            free photos in random order, perhaps none.

        Raises:
            SourceFailure: whatever went wrong.
        """

    def photo(self, subject: str, words: str, fetch: Fetch) -> tuple[Photo, bytes]:
        """Draw a photo and fetch its bytes, which are known to be a picture.

        Raises:
            SourceFailure: no photo now.
            FetchBusy: this service, not the source, has too much to do.
        """
        for _ in range(TRIES):
            photo = self._draw(words)
            try:
                return photo.model_copy(update={"subject": subject}), self._bytes(photo, fetch)
            except FetchBusy:
                raise
            except FetchTimeout:
                break  # the next one would take as long
            except (FetchError, ImageError) as error:
                log.info("%s: photo %s is passed over: %s", self.title, photo.id, error)
                self._forget(words, photo)
        failure = SourceFailure("did not deliver its photos")
        with self._lock:
            self._back_off(failure)
        raise failure

    def _bytes(self, photo: Photo, fetch: Fetch) -> bytes:
        assert photo.image_url  # a search returns no photo without
        data = fetch(photo.image_url)
        picture = load_image(data, (32, 32))
        path = photo.image_url.split("?")[0].lower()
        if path.endswith((".jpg", ".jpeg")) and picture.format != "JPEG":
            raise FetchError("The photo is gone; a stand-in was sent.")  # as Flickr does, in GIF
        with self._lock:
            self._failures = 0
        return data

    def _draw(self, words: str) -> Photo:
        if not self._lock.acquire(timeout=TIMEOUT_S):
            raise SourceFailure("did not answer in time")
        try:
            now = time.monotonic()
            if now < self._backoff_until:
                wait = self._backoff_until - now
                raise SourceFailure(f"is left alone for {wait:.0f} s after a failure", wait)
            pool = self._pools.setdefault(words, _Pool())
            if now >= pool.until:
                self._refill(pool, words, now)
            if not pool.photos:
                raise SourceFailure(f"found no free photo for “{words}”")
            photo = pool.photos.popleft()
            pool.photos.append(photo)
            return photo
        finally:
            self._lock.release()

    def _refill(self, pool: _Pool, words: str, now: float) -> None:
        try:
            found = self.search(words)
        except SourceFailure as failure:
            self._back_off(failure)
            if not pool.photos:  # photos of the last search are better than none
                raise
            pool.until = self._backoff_until
            self._backoff_until = 0.0
            return
        pool.photos = deque(found)
        pool.until = now + (FRESH_S if found else FRESH_EMPTY_S)

    def _back_off(self, failure: SourceFailure) -> None:
        first, longest = BACKOFF_S
        pause = min(first * 2**self._failures, longest)
        pause = max(pause, min(failure.retry_after_s, BACKOFF_ASKED_S))
        self._failures = min(self._failures + 1, 10)
        self._backoff_until = time.monotonic() + pause
        log.warning("%s %s; it is asked again in %.0f s.", self.title, failure, pause)

    def _forget(self, words: str, photo: Photo) -> None:
        with self._lock:
            photos = self._pools[words].photos
            if photo in photos:
                photos.remove(photo)
            if not photos:
                self._pools[words].until = 0.0


def new_session(contact: str | None) -> requests.Session:
    """What a source is asked with: no proxy or password of the environment, and our name."""
    session = requests.Session()
    session.trust_env = False
    session.headers["User-Agent"] = user_agent(contact)
    session.hooks["response"].append(refuse_bad_status)
    return session


def refuse_bad_status(response: requests.Response, *_: object, **__: object) -> None:
    """A hook for requests: anything but 200 is a failure, and 429 or 503 may name the wait.

    Raises:
        SourceFailure: without the body, which nobody should see.
    """
    if response.status_code == 200 or response.is_redirect:
        return
    wait = response.headers.get("Retry-After", "")
    asked = float(wait) if wait.isascii() and wait.isdigit() else 0.0
    if response.status_code == 429:
        raise SourceFailure("was asked too often", asked or 30.0)
    raise SourceFailure(f"answered with HTTP status {response.status_code}", asked)


@contextmanager
def as_source_failure() -> Iterator[None]:
    """Turn whatever a client library raises into `SourceFailure`, in words and without an address.

    The messages of requests contain whole addresses with the keys in them, so none is passed on.
    """
    try:
        yield
    except SourceFailure:
        raise
    except requests.JSONDecodeError:
        raise SourceFailure("sent something that is not JSON") from None
    except requests.Timeout:
        raise SourceFailure("did not answer in time") from None
    except requests.RequestException:
        raise SourceFailure("could not be reached") from None
    except Exception as error:
        log.debug("An answer that makes no sense", exc_info=error)
        raise SourceFailure("sent an answer that makes no sense") from None
