"""How much is accepted: so many requests of one client a minute, so many in flight at once."""

import threading
import time

from flask import Flask, Response, request

from api.compute_queue import ComputeQueue
from api.context import current_request, current_request_or_none
from api.errors import Problem
from api.ratelimit.api_keys import Keys
from api.ratelimit.client_address import client
from api.ratelimit.limiter import RateLimiter
from api.settings import Settings

SPARE_THREADS = 4
"""Threads of a worker that are kept for health and the page when all others are busy."""

FREE = ("/api/v1/models", "/api/v1/samples")
"""What the page asks for by itself, and what costs next to nothing, is not counted."""


def register(app: Flask, settings: Settings, queue: ComputeQueue) -> None:
    """Limit what is below /api/v1/ and the first version's calls; health and the page are exempt.

    Raises:
        SettingsError: a file of keys that cannot be used.
    """
    keys = Keys(settings.api_keys_file)
    limiter = RateLimiter(settings.rate_limit, settings.rate_limit_storage_url)
    in_flight = threading.BoundedSemaphore(max(1, settings.threads - SPARE_THREADS))

    @app.before_request
    def enter() -> None:
        path, method = request.path, request.method
        if not _limited(path, method):
            return
        holder = keys.holder(request)
        if not in_flight.acquire(blocking=False):
            raise Problem("overloaded", "Too many requests are under way. Try again in a moment.")
        current_request().is_in_flight = True
        if is_counted(path, method):
            if queue.is_full:
                raise queue.overloaded()
            if holder is None:  # requests with a known key are not counted
                who = client(request.environ, settings.trusted_proxies)
                current_request().rate_limit = status = limiter.hit(request.endpoint or "", who)
                if not status.allowed:
                    raise Problem(
                        "rate_limited", f"At most {status.limit} are answered to one client."
                    )

    @app.teardown_request
    def leave(error: BaseException | None) -> None:
        state = current_request_or_none()
        if state is not None and state.is_in_flight:
            in_flight.release()

    @app.after_request
    def tell(response: Response) -> Response:
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
    return _limited(path, method) and not path.startswith(FREE)


def _limited(path: str, method: str) -> bool:
    if method == "OPTIONS":  # a browser asks so before it sends what counts
        return False
    first_version = path == "/random_image" or (path == "/" and method == "POST")
    return path.startswith("/api/v1/") or first_version
