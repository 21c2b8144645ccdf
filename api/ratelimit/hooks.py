"""How much is accepted: so many requests of one client a minute, so many under way at once."""

import threading
import time

from flask import Flask, Response, g, request

from api.connection import Connection
from api.errors import Problem
from api.ratelimit.api_keys import Keys
from api.ratelimit.client_address import client
from api.ratelimit.limiter import Count, Counters
from api.settings import Settings

SPARE_THREADS = 4
"""Threads of a worker that are kept for health and the page when all others are at work."""

FREE = ("/api/v1/models", "/api/v1/samples")
"""What the page asks for by itself, and what costs next to nothing, is not counted."""


def register(app: Flask, settings: Settings) -> None:
    """Limit what is below /api/v1/ and the first version's calls; health and the page are exempt.

    Raises:
        SettingsError: a file of keys that cannot be used.
    """
    keys = Keys(settings.api_keys_file)
    counters = Counters(settings.rate_limit, settings.rate_limit_storage_url)
    places = threading.BoundedSemaphore(max(1, settings.threads - SPARE_THREADS))

    @app.before_request
    def enter() -> None:
        path, method = request.path, request.method
        if not _limited(path, method):
            return
        holder = keys.holder(request)
        service = app.extensions["dogorcat"]
        if not service.desk.is_here():
            if not places.acquire(blocking=False):
                raise Problem(
                    "overloaded", "Too many requests are under way. Try again in a moment."
                )
            g.place = places
        if is_counted(path, method):
            lane = service.lane
            if lane.full:
                raise lane.overloaded()
            if holder is None:  # a wrong key was told so, and a known one is not counted
                g.count = count = _count(counters, settings.trusted_proxies)
                if not count.allowed:
                    raise Problem(
                        "rate_limited", f"At most {count.limit} are answered to one client."
                    )

    @app.teardown_request
    def leave(error: BaseException | None) -> None:
        place = g.pop("place", None)
        if place is not None:
            place.release()

    @app.after_request
    def tell(response: Response) -> Response:
        """The headers of draft-ietf-httpapi-ratelimit-headers."""
        count: Count | None = g.get("count")
        if count is not None:
            wait = max(int(count.reset - time.time()) + 1, 1)
            amount, window = count.limit.amount, count.limit.get_expiry()
            response.headers.add("RateLimit-Policy", f'"client";q={amount};w={window}')
            response.headers.add("RateLimit", f'"client";r={count.remaining};t={wait}')
            if response.status_code == 429:
                response.headers["Retry-After"] = str(wait)
        return response


def is_counted(path: str, method: str) -> bool:
    """Whether such requests are counted against a client's limit, and refused under overload."""
    return _limited(path, method) and not path.startswith(FREE)


def _limited(path: str, method: str) -> bool:
    if method == "OPTIONS":  # a browser asks so before it sends what counts
        return False
    first_version = path == "/random_image" or (path == "/" and method == "POST")
    return path.startswith("/api/v1/") or first_version


def _count(counters: Counters, trusted_proxies: int) -> Count:
    """Count the request, once: it may have begun before, at the desk (`api.desk`)."""
    connection = request.environ.get("gunicorn.socket")
    count: Count | None = getattr(connection, "count", None)
    if count is None:
        count = counters.hit(request.endpoint or "", client(request.environ, trusted_proxies))
        if isinstance(connection, Connection):
            connection.count = count
    return count
