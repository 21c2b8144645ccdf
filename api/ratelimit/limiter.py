"""Requests of each client, counted in memory or, for all workers together, in Redis."""

import logging
import time
from dataclasses import dataclass

import limits
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from api.ratelimit.memory_storage import MemoryStorage

PREFIX = "dogorcat"
ANSWER_S = 0.5
"""For so long a Redis is waited for, unless the address says otherwise (`?socket_timeout=…`)."""
RETRY_S = 1.0
"""For so long nobody asks a Redis that did not answer."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Status:
    """How a client stands with the tightest of its limits."""

    limit: limits.RateLimitItem
    allowed: bool
    remaining: int
    reset: float
    """Seconds since the epoch."""


class RateLimiter:
    """Counts requests of clients; thread-safe.

    Args:
        rate: such as `60 per minute` or `1000/day;10/second`.
        url: of the storage: `memory://`, `redis://…`
    """

    def __init__(self, rate: str, url: str) -> None:
        self._limits = limits.parse_many(rate)
        self._memory = FixedWindowRateLimiter(MemoryStorage())
        self._shared: FixedWindowRateLimiter | None = None
        if not url.startswith("memory:"):
            timeouts = {"socket_timeout": ANSWER_S, "socket_connect_timeout": ANSWER_S}
            storage = storage_from_string(url, wrap_exceptions=True, **timeouts)
            self._shared = FixedWindowRateLimiter(storage)
        self._ask_shared_from = 0.0

    def hit(self, *client: str) -> Status:
        """Count a request. While a Redis does not answer, requests are counted in memory."""
        if self._shared is not None and time.monotonic() >= self._ask_shared_from:
            try:
                return self._hit(self._shared, client)
            except StorageError as error:
                self._ask_shared_from = time.monotonic() + RETRY_S
                _log.warning(
                    "requests are counted in memory: the storage does not answer: %s", error
                )
        return self._hit(self._memory, client)

    def _hit(self, limiter: FixedWindowRateLimiter, client: tuple[str, ...]) -> Status:
        found = []
        for limit in self._limits:
            allowed = limiter.hit(limit, PREFIX, *client)
            reset, remaining = limiter.get_window_stats(limit, PREFIX, *client)
            found.append(Status(limit, allowed, max(remaining, 0), reset))
        return min(found, key=lambda status: (status.allowed, status.remaining))
