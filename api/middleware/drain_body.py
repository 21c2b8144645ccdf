"""Reads what refused requests still send before they are answered."""

import contextlib
import time
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask

from api.arrivals import DRAIN_BYTES, DRAIN_S
from api.connection import STEP_BYTES
from api.request_body import reading_at_most


def register(app: Flask) -> None:
    """Put it in front of `app`, and of all else that may refuse a request."""
    app.wsgi_app = _Reader(app.wsgi_app)  # type: ignore[method-assign]


class _Reader:
    """WSGI middleware that reads on, up to a bound, where a request is refused before its end.

    A proxy in front that is stopped while it passes a body on answers 502 in place of our refusal;
    and gunicorn closes a connection that it has promised to keep when more than 64 kB are unread.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        stream = environ["wsgi.input"]

        def start(status: str, fields: list[tuple[str, str]], *error: Any) -> Any:
            if status >= "4":
                # Whatever is wrong with the rest of it, it was refused for what was wrong before.
                with contextlib.suppress(Exception), reading_at_most(DRAIN_S, environ):
                    _drain(stream)
            return start_response(status, fields, *error)

        return self._application(environ, start)


def _drain(stream: Any) -> None:
    left, end = DRAIN_BYTES, time.monotonic() + DRAIN_S
    while left > 0 and time.monotonic() < end and (piece := stream.read(min(left, STEP_BYTES))):
        left -= len(piece)
