"""Wraps Flask: adds security headers, refuses under load, and reads bodies of refused requests.

Refusing before Flask is cheap, which counts most when there is too much to do.
"""

import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask

from api import errors
from api.compute_queue import ComputeQueue
from api.context import Deadline
from api.middleware.cors import SHARED
from api.middleware.security_headers import HEADERS, SHARED_HEADERS
from api.parsing.body import read_before
from api.ratelimit.limiter import is_counted
from api.settings import Settings
from api.telemetry import request_log

DRAIN_BYTES = 64 * 2**20
"""Read on, at most; whoever sends more finds the connection closed."""
DRAIN_S = 5.0
"""Read on for so long, at most."""
STEP_BYTES = 256 * 1024

LOG_EVERY_S = 1.0
"""A line in the log for each refusal would cost more than the refusal."""

_log = logging.getLogger("api.request")


class Middleware:
    """WSGI middleware around a Flask application.

    While the compute queue is full it answers 503 `overloaded`, with the body that Flask would
    give it, before the request's body is read. Requests of pages of other origins are left to
    Flask, which knows what they may read.

    Args:
        application: what answers the other requests.
        queue: whose length decides.
        settings: CORS_ORIGINS.
    """

    def __init__(
        self, application: WSGIApplication, queue: ComputeQueue, settings: Settings
    ) -> None:
        self._application = application
        self._queue = queue
        self._shared = bool(settings.cors_origins)
        self._not_logged = 0
        self._logged_at = 0.0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        stream = environ["wsgi.input"]
        added = SHARED_HEADERS if self._shared and path.startswith(SHARED) else HEADERS

        def start(status: str, fields: list[tuple[str, str]], *error: Any) -> Any:
            if status >= "4" and _has_body(environ):
                _drain(stream, environ)
            given = {name.lower() for name, _ in fields}
            fields += [one for one in added.items() if one[0].lower() not in given]
            return start_response(status, fields, *error)

        left_to_flask = self._shared and "HTTP_ORIGIN" in environ
        if self._queue.is_full and is_counted(path, method) and not left_to_flask:
            return self._refuse(environ, start)
        return self._application(environ, start)

    def _refuse(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request_id = request_log.valid_id(environ.get("HTTP_X_REQUEST_ID", ""))
        response = errors.problem_response(self._queue.overloaded(), request_id)
        response.headers[request_log.REQUEST_ID] = request_id
        request_log.count_unrouted(environ["REQUEST_METHOD"], response.status_code)
        self._log_now_and_then()
        return response(environ, start_response)

    def _log_now_and_then(self) -> None:
        self._not_logged += 1
        now = time.monotonic()
        if now > self._logged_at + LOG_EVERY_S:
            self._logged_at, count, self._not_logged = now, self._not_logged, 0
            _log.warning("too many pictures wait: requests are refused", extra={"refused": count})


def register(app: Flask, queue: ComputeQueue, settings: Settings) -> None:
    """Put the middleware around `app`."""
    app.wsgi_app = Middleware(app.wsgi_app, queue, settings)  # type: ignore[method-assign]


def _has_body(environ: WSGIEnvironment) -> bool:
    length = environ.get("CONTENT_LENGTH", "")
    return length not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ


def _drain(stream: Any, environ: WSGIEnvironment) -> None:
    """Read, up to a bound, what a refused request still sends.

    A proxy in front that finds the connection closed while it passes a body on answers 502 in place
    of the refusal. gunicorn itself reads at most 64 kB on, and only after the answer.
    """
    deadline, left = Deadline(DRAIN_S), DRAIN_BYTES
    # Errors of reading are left out: the request was refused for what came before.
    with suppress(Exception), read_before(deadline, environ):
        while left > 0 and deadline.remaining() and (piece := stream.read(min(left, STEP_BYTES))):
            left -= len(piece)
