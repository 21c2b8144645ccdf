"""Bounded numbers of things that go on at the same time."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from common.errors import FetchBusy


class Places:
    """A bounded number of places for each key; who finds none is told at once to come back."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._lock = threading.Lock()
        self._used: Counter[str] = Counter()

    def take(self, key: str) -> None:
        with self._lock:
            if self._used[key] >= self._number:
                raise FetchBusy("Too many pictures are being fetched right now.")
            self._used[key] += 1

    def give_back(self, key: str) -> None:
        with self._lock:
            self._used[key] -= 1
            if not self._used[key]:
                del self._used[key]

    @contextmanager
    def taken(self, key: str) -> Iterator[None]:
        self.take(key)
        try:
            yield
        finally:
            self.give_back(key)
