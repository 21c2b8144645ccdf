"""Turns requests away while too many pictures wait, before Flask sees them: that is cheap."""

import json
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from api import headers, observe, problems
from api.deadline import Lane
from api.limits import is_counted
from api.settings import Settings

TELL_EVERY_S = 1.0
"""A line in the log for each refusal would cost more than the refusal."""

_log = logging.getLogger("api.request")

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


def register(app: Flask, settings: Settings) -> None:
    """Put it in front of `app`. To be called last: whatever else is in front comes after it."""
    lane = app.extensions["dogorcat"].lane
    app.wsgi_app = Shedder(app.wsgi_app, lane, cors=bool(settings.cors_origins))  # type: ignore[method-assign]


class Shedder:
    """WSGI middleware that answers 503 `overloaded` while all places of the lane are taken.

    A refusal has the body and the headers that Flask would give it, and is counted like any other.
    Requests of pages of other origins are left to Flask, which knows what they may read.
    """

    def __init__(self, application: Application, lane: Lane, cors: bool) -> None:
        self._application = application
        self._lane = lane
        self._cors = cors
        self._untold = 0
        self._told = 0.0

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if (
            self._lane.full
            and is_counted(environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"])
            and not (self._cors and "HTTP_ORIGIN" in environ)
        ):
            return self._refuse(environ, start_response)
        return self._application(environ, start_response)

    def _refuse(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        problem = self._lane.overloaded()
        request_id = observe.id_of(environ.get("HTTP_X_REQUEST_ID", ""))
        body = json.dumps(problems.body(problem) | {"request_id": request_id}).encode()
        status, _ = problems.PROBLEMS[problem.code]
        start_response(
            f"{status} SERVICE UNAVAILABLE",
            [
                ("Content-Type", problems.CONTENT_TYPE),
                ("Content-Length", str(len(body))),
                ("Retry-After", str(problems.RETRY_AFTER_S[problem.code])),
                (observe.REQUEST_ID, request_id),
                *headers.HEADERS.items(),
                (headers.RESOURCE_POLICY, "same-origin"),
            ],
        )
        observe.turned_away(problem.code, environ["REQUEST_METHOD"], status)
        self._tell()
        return [body]

    def _tell(self) -> None:
        self._untold += 1
        now = time.monotonic()
        if now > self._told + TELL_EVERY_S:
            self._told, count, self._untold = now, self._untold, 0
            _log.warning("too many pictures wait: requests are refused", extra={"refused": count})
