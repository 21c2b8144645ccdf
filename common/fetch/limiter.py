"""Limits how many operations run at the same time, for each key."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from common.errors import FetchBusy


class KeyedLimiter:
    """At most `limit` operations of each key at once; one more is refused and does not wait."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._in_use: Counter[str] = Counter()

    def acquire(self, key: str) -> None:
        """Count one more.

        Raises:
            FetchBusy: the limit of this key is reached.
        """
        with self._lock:
            if self._in_use[key] >= self._limit:
                raise FetchBusy("Too many pictures are being fetched right now.")
            self._in_use[key] += 1

    def release(self, key: str) -> None:
        """Count one less; a key that nobody uses is forgotten."""
        with self._lock:
            self._in_use[key] -= 1
            if not self._in_use[key]:
                del self._in_use[key]

    @contextmanager
    def slot(self, key: str) -> Iterator[None]:
        """`acquire`, and `release` at the end of the block."""
        self.acquire(key)
        try:
            yield
        finally:
            self.release(key)
