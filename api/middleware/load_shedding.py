"""Turns requests away while too many pictures wait, before Flask sees them: that is cheap."""

import json
import logging
import time
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask
from gunicorn import SERVER
from gunicorn.util import http_date

from api import errors
from api.compute_queue import Lane
from api.middleware import security_headers
from api.ratelimit.hooks import is_counted
from api.settings import Settings
from api.telemetry import request_log

TELL_EVERY_S = 1.0
"""A line in the log for each refusal would cost more than the refusal."""

_log = logging.getLogger("api.request")


def register(app: Flask, settings: Settings) -> None:
    """Put it in front of `app`. To be called late: whatever is in front by then comes after it."""
    lane = app.extensions["dogorcat"].lane
    shedder = Shedder(app.wsgi_app, lane, cors=bool(settings.cors_origins))
    app.wsgi_app = shedder  # type: ignore[method-assign]
    app.extensions["shedder"] = shedder


class Shedder:
    """WSGI middleware that answers 503 `overloaded` while all places of the lane are taken.

    A refusal has the body and the headers that Flask would give it, and is counted like any other.
    Requests of pages of other origins are left to Flask, which knows what they may read.
    """

    def __init__(self, application: WSGIApplication, lane: Lane, cors: bool) -> None:
        self._application = application
        self._lane = lane
        self._cors = cors
        self._untold = 0
        self._told = 0.0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if not self.refuses(method, path, "HTTP_ORIGIN" in environ):
            return self._application(environ, start_response)
        status, fields, body = self.refusal(method, environ.get("HTTP_X_REQUEST_ID", ""))
        start_response(status, fields)
        return [body]

    @property
    def full(self) -> bool:
        """Whether some requests are refused now."""
        return self._lane.full

    def refuses(self, method: str, path: str, has_origin: bool) -> bool:
        """Whether such a request is refused now."""
        return self.full and is_counted(path, method) and not (self._cors and has_origin)

    def refusal(self, method: str, request_id: str) -> tuple[str, list[tuple[str, str]], bytes]:
        """Refuse a request: its answer's status line, headers and body."""
        problem = self._lane.overloaded()
        request_id = request_log.id_of(request_id)
        body = json.dumps(errors.body(problem) | {"request_id": request_id}).encode()
        status, _ = errors.PROBLEMS[problem.code]
        request_log.turned_away(problem.code, method, status)
        self._tell()
        fields = [
            ("Content-Type", errors.CONTENT_TYPE),
            ("Content-Length", str(len(body))),
            ("Retry-After", str(errors.RETRY_AFTER_S[problem.code])),
            (request_log.REQUEST_ID, request_id),
            *security_headers.HEADERS.items(),
            (security_headers.RESOURCE_POLICY, "same-origin"),
        ]
        return f"{status} SERVICE UNAVAILABLE", fields, body

    def whole_refusal(self, method: str, request_id: str) -> bytes:
        """Refuse a request: its answer as it goes over a connection that is kept."""
        status, fields, body = self.refusal(method, request_id)
        kept = [("Server", SERVER), ("Date", http_date()), ("Connection", "keep-alive")]
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in kept + fields)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def _tell(self) -> None:
        self._untold += 1
        now = time.monotonic()
        if now > self._told + TELL_EVERY_S:
            self._told, count, self._untold = now, self._untold, 0
            _log.warning("too many pictures wait: requests are refused", extra={"refused": count})
