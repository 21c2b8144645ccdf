"""Counts in this process's memory, as a storage of the library `limits`.

The library's own one starts a thread after a request, which looks at the counts of all clients.
"""

import threading
import time

from limits.storage import Storage

SWEEP_S = 1.0
"""Counts whose time is over are removed once in so many seconds."""


class MemoryStorage(Storage):
    """Counts with an end each; thread-safe. The methods are those that `limits` documents."""

    STORAGE_SCHEME = None  # not to be had by an address
    base_exceptions = ()

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[str, tuple[int, float]] = {}  # key -> count, Unix time of its end
        self._lock = threading.Lock()
        self._swept = time.time()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, in a window of `expiry` seconds from the first; returns the count so far."""
        now = time.time()
        with self._lock:
            if now > self._swept + SWEEP_S:
                self._swept = now
                self._counts = {k: one for k, one in self._counts.items() if one[1] > now}
            count, end = self._counts.get(key, (0, 0.0))
            if end <= now:
                count, end = 0, now + expiry
            self._counts[key] = count + amount, end
            return count + amount

    def get(self, key: str) -> int:
        """The count so far."""
        count, end = self._counts.get(key, (0, 0.0))
        return count if end > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """Unix time of the end of the window."""
        now = time.time()
        return max(self._counts.get(key, (0, now))[1], now)

    def check(self) -> bool:
        """Whether the storage works: always."""
        return True

    def reset(self) -> int:
        """Forget all counts; returns how many there were."""
        with self._lock:
            count = len(self._counts)
            self._counts = {}
        return count

    def clear(self, key: str) -> None:
        """Forget a count."""
        with self._lock:
            self._counts.pop(key, None)
