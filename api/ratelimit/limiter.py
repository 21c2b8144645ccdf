"""Limits requests: so many of one client in a time, and so many in flight at once."""

import logging
import threading
import time

import limits
from flask import Flask, Response, request
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string

from api.compute_queue import ComputeQueue
from api.context import RateLimitStatus, current_request
from api.errors import Problem
from api.ratelimit.api_keys import Keys
from api.ratelimit.client_address import client
from api.settings import Settings

SPARE_THREADS = 4
"""Threads of a worker that are kept for health and the page when all others are busy."""
NOT_COUNTED = ("/api/v1/models", "/api/v1/samples")
"""What the page asks for by itself, and what costs next to nothing."""
PREFIX = "dogorcat"
ANSWER_S = 0.5
"""Seconds to wait for a Redis, unless its address says otherwise (`?socket_timeout=…`)."""
RETRY_S = 1.0
"""Seconds until a Redis that did not answer is asked again."""
SWEEP_S = 1.0
"""Seconds after which counts in memory whose time is over are removed."""

_log = logging.getLogger(__name__)


class _MemoryStorage:
    """Counts in this process's memory; thread-safe.

    That of `limits` starts a thread after a request, which goes through the counts of all clients.
    """

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, float]] = {}  # key -> count, Unix time of its end
        self._lock = threading.Lock()
        self._swept = time.time()

    def incr(self, key: str, expiry: int) -> int:
        """Count, in a window of `expiry` seconds from the first; returns the count so far."""
        now = time.time()
        with self._lock:
            if now > self._swept + SWEEP_S:
                self._swept = now
                self._counts = {k: one for k, one in self._counts.items() if one[1] > now}
            count, end = self._counts.get(key, (0, 0.0))
            if end <= now:
                count, end = 0, now + expiry
            self._counts[key] = count + 1, end
            return count + 1

    def get_expiry(self, key: str) -> float:
        """Unix time of the end of the window."""
        return self._counts.get(key, (0, time.time()))[1]


class RateLimiter:
    """Counts requests of clients in fixed windows; thread-safe.

    Args:
        rate: such as `60 per minute` or `1000/day;10/second`.
        url: of the storage: `memory://`, `redis://…`
    """

    def __init__(self, rate: str, url: str) -> None:
        self._limits = limits.parse_many(rate)
        self._memory = _MemoryStorage()
        self._shared: Storage | None = None
        if not url.startswith("memory:"):
            timeouts = {"socket_timeout": ANSWER_S, "socket_connect_timeout": ANSWER_S}
            storage = storage_from_string(url, wrap_exceptions=True, **timeouts)
            assert isinstance(storage, Storage)  # none of those for asyncio
            self._shared = storage
        self._ask_shared_from = 0.0

    def hit(self, *client: str) -> RateLimitStatus:
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

    def _hit(self, storage: Storage | _MemoryStorage, client: tuple[str, ...]) -> RateLimitStatus:
        found = []
        for limit in self._limits:
            key = limit.key_for(PREFIX, *client)
            count = storage.incr(key, limit.get_expiry())
            left = max(limit.amount - count, 0)
            found.append(
                RateLimitStatus(limit, count <= limit.amount, left, storage.get_expiry(key))
            )
        return min(found, key=lambda status: (status.allowed, status.remaining))


def register(app: Flask, settings: Settings, queue: ComputeQueue) -> None:
    """Limit what is below /api/v1/ and the first version's calls; health and the page are exempt.

    Raises:
        SettingsError: a file of keys that cannot be used.
    """
    keys = Keys(settings.api_keys_file)
    limiter = RateLimiter(settings.rate_limit, settings.rate_limit_storage_url)
    in_flight = threading.BoundedSemaphore(max(1, settings.threads - SPARE_THREADS))

    @app.before_request
    def check() -> None:
        path, method = request.path, request.method
        if not _is_limited(path, method):
            return
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        key = request.headers.get("X-API-Key") or (token if scheme.lower() == "bearer" else "")
        if key:
            keys.check(key)
        if not in_flight.acquire(blocking=False):
            raise Problem("overloaded", "Too many requests are under way. Try again in a moment.")
        context = current_request()
        context.at_end.callback(in_flight.release)
        if is_counted(path, method):
            if queue.is_full:
                raise queue.overloaded()
            if not key:  # requests with a known key are not counted
                who = client(request.environ, settings.trusted_proxies)
                context.rate_limit = status = limiter.hit(request.endpoint or "", who)
                if not status.allowed:
                    amount, _, window = str(status.limit).partition(" per ")
                    raise Problem(
                        "rate_limited",
                        f"At most {amount} requests per {window.removeprefix('1 ')} are answered to"
                        " one client.",
                    )

    @app.after_request
    def add_headers(response: Response) -> Response:
        """The headers of draft-ietf-httpapi-ratelimit-headers."""
        status = current_request().rate_limit
        if status is not None:
            wait = max(int(status.reset - time.time()) + 1, 1)
            amount, window = status.limit.amount, status.limit.get_expiry()
            response.headers.add("RateLimit-Policy", f'"client";q={amount};w={window}')
            response.headers.add("RateLimit", f'"client";r={status.remaining};t={wait}')
            if response.status_code == 429:
                response.headers["Retry-After"] = str(wait)
        return response


def is_counted(path: str, method: str) -> bool:
    """Whether such requests are counted against a client's limit, and refused under overload."""
    return _is_limited(path, method) and not path.startswith(NOT_COUNTED)


def _is_limited(path: str, method: str) -> bool:
    if method == "OPTIONS":  # a browser asks so before it sends what counts
        return False
    first_version = path == "/random_image" or (path == "/" and method == "POST")
    return path.startswith("/api/v1/") or first_version
