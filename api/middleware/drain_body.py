"""Reads what a refused request still sends before it is answered."""

import contextlib
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask

from api.deadline import Deadline, body_read_before

DRAIN_BYTES = 64 * 2**20
"""Read on, at most; whoever sends more finds the connection closed."""
DRAIN_S = 5.0
"""Read on for so long, at most."""
STEP_BYTES = 256 * 1024


def register(app: Flask) -> None:
    """Put it in front of `app`, and of all else that may refuse a request."""
    app.wsgi_app = _DrainBody(app.wsgi_app)  # type: ignore[method-assign]


class _DrainBody:
    """WSGI middleware that reads on, up to a bound, where a request is refused before its end.

    A proxy in front that finds the connection closed while it passes a body on answers 502 in place
    of the refusal. gunicorn itself reads at most 64 kB on, and only after the answer.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        stream = environ["wsgi.input"]
        has_body = (
            environ.get("CONTENT_LENGTH", "0") not in ("", "0")
            or "HTTP_TRANSFER_ENCODING" in environ
        )

        def start(status: str, fields: list[tuple[str, str]], *error: Any) -> Any:
            if status >= "4" and has_body:
                # Errors of reading are left out: the request was refused for what came before.
                with contextlib.suppress(Exception):
                    _drain(stream, environ)
            return start_response(status, fields, *error)

        return self._application(environ, start)


def _drain(stream: Any, environ: WSGIEnvironment) -> None:
    deadline, left = Deadline(DRAIN_S), DRAIN_BYTES
    with body_read_before(deadline, environ):
        while left > 0 and deadline.remaining():
            piece = stream.read(min(left, STEP_BYTES))
            if not piece:
                break
            left -= len(piece)
