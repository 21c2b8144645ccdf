"""Refuses requests while too many pictures wait, before their bodies are read: that is cheap."""

import json
import logging
import time
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask

from api import errors
from api.compute_queue import ComputeQueue
from api.middleware import security_headers
from api.ratelimit.hooks import is_counted
from api.settings import Settings
from api.telemetry import request_log

LOG_EVERY_S = 1.0
"""A line in the log for each refusal would cost more than the refusal."""

_log = logging.getLogger("api.request")


def register(app: Flask, settings: Settings, queue: ComputeQueue) -> None:
    """Put it in front of `app` and of the middleware that is registered before."""
    cors = bool(settings.cors_origins)
    app.wsgi_app = _LoadShedding(app.wsgi_app, queue, cors)  # type: ignore[method-assign]


class _LoadShedding:
    """WSGI middleware that answers 503 `overloaded` while the compute queue is full.

    A refusal has the body and the headers that Flask would give it, and is counted like any other.
    Requests of pages of other origins are left to Flask, which knows what they may read.
    """

    def __init__(self, application: WSGIApplication, queue: ComputeQueue, cors: bool) -> None:
        self._application = application
        self._queue = queue
        self._cors = cors
        self._not_logged = 0
        self._logged_at = 0.0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        answered_by_flask = self._cors and "HTTP_ORIGIN" in environ
        if not self._queue.is_full or not is_counted(path, method) or answered_by_flask:
            return self._application(environ, start_response)
        return self._refuse(method, environ.get("HTTP_X_REQUEST_ID", ""), start_response)

    def _refuse(self, method: str, request_id: str, start_response: StartResponse) -> list[bytes]:
        problem = self._queue.overloaded()
        request_id = request_log.valid_id(request_id)
        body = json.dumps(errors.body(problem) | {"request_id": request_id}).encode()
        status, _ = errors.PROBLEMS[problem.code]
        request_log.rejected(problem.code, method, status)
        self._log_now_and_then()
        fields = [
            ("Content-Type", errors.CONTENT_TYPE),
            ("Content-Length", str(len(body))),
            ("Retry-After", str(errors.RETRY_AFTER_S[problem.code])),
            (request_log.REQUEST_ID, request_id),
            *security_headers.HEADERS.items(),
            (security_headers.RESOURCE_POLICY, "same-origin"),
        ]
        start_response(f"{status} SERVICE UNAVAILABLE", fields)
        return [body]

    def _log_now_and_then(self) -> None:
        self._not_logged += 1
        now = time.monotonic()
        if now > self._logged_at + LOG_EVERY_S:
            self._logged_at, count, self._not_logged = now, self._not_logged, 0
            _log.warning("too many pictures wait: requests are refused", extra={"refused": count})
