"""Requests of each client, counted in memory or, for all workers together, in Redis."""

import logging
import time
from dataclasses import dataclass

import limits
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

PREFIX = "dogorcat"
SWEEP_S = 1.0
ANSWER_S = 0.5
"""For so long a Redis is waited for, unless the address says otherwise (`?socket_timeout=…`)."""
RETRY_S = 1.0
"""For so long nobody asks a Redis that did not answer."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Count:
    """How a client stands with the tightest of its limits."""

    limit: limits.RateLimitItem
    allowed: bool
    remaining: int
    reset: float
    """Seconds since the epoch."""


class Counters:
    """Counts requests of clients; thread-safe.

    Args:
        rate: such as `60 per minute` or `1000/day;10/second`.
        url: of the storage: `memory://`, `redis://…`
    """

    def __init__(self, rate: str, url: str) -> None:
        self._limits = limits.parse_many(rate)
        self._memory = FixedWindowRateLimiter(_SweptMemory())
        self._shared: FixedWindowRateLimiter | None = None
        if not in_memory(url):
            patience = {"socket_timeout": ANSWER_S, "socket_connect_timeout": ANSWER_S}
            storage = storage_from_string(url, wrap_exceptions=True, **patience)
            self._shared = FixedWindowRateLimiter(storage)
        self._trusted_from = 0.0

    def hit(self, *who: str) -> Count:
        """Count a request. A storage that is down must not take the service down: memory counts."""
        if self._shared is not None and time.monotonic() >= self._trusted_from:
            try:
                return self._hit(self._shared, who)
            except StorageError as error:
                self._trusted_from = time.monotonic() + RETRY_S
                _log.warning(
                    "requests are counted in memory: the storage does not answer: %s", error
                )
        return self._hit(self._memory, who)

    def _hit(self, limiter: FixedWindowRateLimiter, who: tuple[str, ...]) -> Count:
        counts = []
        for limit in self._limits:
            allowed = limiter.hit(limit, PREFIX, *who)
            reset, remaining = limiter.get_window_stats(limit, PREFIX, *who)
            counts.append(Count(limit, allowed, max(remaining, 0), reset))
        return min(counts, key=lambda count: (count.allowed, count.remaining))


def in_memory(url: str) -> bool:
    """Whether such a storage is the worker's own memory, for which nobody has to wait."""
    return url.startswith("memory:")


class _SweptMemory(MemoryStorage):
    """Counters in memory, where those that are over are swept out now and then.

    The library sweeps after each request, over all clients, in a thread that it starts for that.
    """

    STORAGE_SCHEME = ["swept-memory"]  # noqa: RUF012  # read when the class is made

    _swept = 0.0

    def _MemoryStorage__schedule_expiry(self) -> None:
        if time.monotonic() > self._swept + SWEEP_S:
            self._swept = time.monotonic()
            super()._MemoryStorage__schedule_expiry()  # type: ignore[misc]  # a private name
