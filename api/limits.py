"""How much is accepted: so many requests of one client a minute, so many under way at once."""

import threading
import time

from flask import Flask, Response, g, request
from flask_limiter import Limiter
from limits.storage import MemoryStorage
from werkzeug.middleware.proxy_fix import ProxyFix

from api.keys import Keys
from api.problems import Problem
from api.settings import Settings

SPARE_THREADS = 4
"""Threads of a worker that are kept for health and the page when all others are at work."""

FREE = ("/api/v1/models", "/api/v1/samples")
"""What the page asks for by itself, and what costs next to nothing, is not counted."""


SWEEP_S = 1.0


class SweptMemory(MemoryStorage):
    """Counters in memory, for every `memory://`: the ones that are over are swept out now and then.

    The library sweeps after each request, over all clients, in a thread that it starts for that.
    """

    STORAGE_SCHEME = ["memory"]  # noqa: RUF012  # read when the class is made

    _swept = 0.0

    def _MemoryStorage__schedule_expiry(self) -> None:
        if time.monotonic() > self._swept + SWEEP_S:
            self._swept = time.monotonic()
            super()._MemoryStorage__schedule_expiry()  # type: ignore[misc]  # a private name


def register(app: Flask, settings: Settings) -> None:
    """Limit what is below /api/v1/ and the first version's calls; health and the page are exempt.

    Raises:
        SettingsError: a file of keys that cannot be used.
    """
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    keys = Keys(settings.api_keys_file)
    limiter = Limiter(
        _client,
        app=app,
        default_limits=[settings.rate_limit],
        default_limits_per_method=False,
        default_limits_exempt_when=_exempt,
        application_limits=[],
        storage_uri=settings.rate_limit_storage_url,
        in_memory_fallback_enabled=True,  # a Redis that is down must not take the service down
        key_prefix="dogorcat",
    )
    places = threading.BoundedSemaphore(max(1, settings.threads - SPARE_THREADS))

    @app.before_request
    def enter() -> None:
        if not _limited():
            return
        g.holder = keys.holder(request)
        if not places.acquire(blocking=False):
            raise Problem("overloaded", "Too many requests are under way. Try again in a moment.")
        g.place = places
        if not request.path.startswith(FREE):
            app.extensions["dogorcat"].lane.check()

    # Before the limiter's own hook: a wrong key is told so, and a known one is not counted.
    hooks = app.before_request_funcs[None]
    hooks.insert(0, hooks.pop())

    @app.teardown_request
    def leave(error: BaseException | None) -> None:
        place = g.pop("place", None)
        if place is not None:
            place.release()

    @app.after_request
    def tell(response: Response) -> Response:
        """The headers of draft-ietf-httpapi-ratelimit-headers."""
        limit = limiter.current_limit
        if limit is not None:
            wait = max(int(limit.reset_at - time.time()) + 1, 1)
            window = limit.limit.get_expiry()
            response.headers["RateLimit-Policy"] = f'"client";q={limit.limit.amount};w={window}'
            response.headers["RateLimit"] = f'"client";r={max(limit.remaining, 0)};t={wait}'
            if response.status_code == 429:
                response.headers["Retry-After"] = str(wait)
        return response


def _limited() -> bool:
    first_version = request.path == "/random_image" or (
        request.path == "/" and request.method == "POST"
    )
    return request.path.startswith("/api/v1/") or first_version


def _exempt() -> bool:
    return not _limited() or request.path.startswith(FREE) or g.get("holder") is not None


def _client() -> str:
    """Who asks: the address that the trusted proxies report, never a header anyone can send."""
    return request.remote_addr or "unix"
