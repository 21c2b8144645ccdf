"""What is seen of each request: its id, its line in the log, its metrics, its Server-Timing."""

import logging
import re
import secrets
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from wsgiref.types import WSGIEnvironment

from flask import Flask, Response, request, request_started

from api.settings import Settings
from api.telemetry import metrics

REQUEST_ID = "X-Request-Id"

_SANE = re.compile(r"[\w.:+/=-]{1,64}", re.ASCII)
_METHODS = {"GET", "HEAD", "POST", "OPTIONS"}
_PROBES = {"/healthz", "/readyz", "/metrics"}

_log = logging.getLogger("api.request")


@dataclass(slots=True)
class _Seen:
    """What is known of a request so far. Lists are only appended to: threads need no lock."""

    id: str
    began: float
    waited: float = 0.0
    """Seconds on the desk (`api.desk`), until they are added to the stage `wait`."""
    stages: list[tuple[str, float]] = field(default_factory=list)
    verdicts: list[tuple[str, str]] = field(default_factory=list)


# Asked for a dozen times in each request: Flask's `g` would go ten calls deep each time.
_current: ContextVar[_Seen | None] = ContextVar("seen", default=None)


def register(app: Flask, settings: Settings) -> None:
    """Watch the requests of `app`. To be called first: what is registered first ends last."""
    allowed = ", ".join(settings.cors_origins)

    @request_started.connect_via(app)  # before any hook: each of them may end the request
    def begin(_: Flask) -> None:
        _current.set(_begun(request.headers.get(REQUEST_ID, ""), request.environ))
        metrics.UNDER_WAY.inc()

    @app.after_request
    def end(response: Response) -> Response:
        seen = _current.get()
        assert seen
        seconds = _now() - seen.began
        stages = _by_stage(seen)
        headers = response.headers  # `add`: to set one, all are looked through
        headers.add(REQUEST_ID, seen.id)
        timing = [f"{name};dur={value * 1000:.1f}" for name, value in stages.items()]
        headers.add("Server-Timing", ", ".join([*timing, f"total;dur={seconds * 1000:.1f}"]))
        if allowed:
            headers.add("Timing-Allow-Origin", allowed)
        rule, method = request.url_rule, request.method
        route = rule.rule if rule else "unknown"
        method = method if method in _METHODS else "other"
        _requests(method, route, response.status_code).inc()
        _request_seconds(route).observe(seconds)
        level = logging.DEBUG if route in _PROBES else logging.INFO
        if _log.isEnabledFor(level):
            _log.log(level, "request", extra=_line(seen, method, route, response, seconds, stages))
        return response

    @app.teardown_request
    def gone(error: BaseException | None) -> None:
        if _current.get():
            _current.set(None)
            metrics.UNDER_WAY.dec()


def _begun(given_id: str, environ: WSGIEnvironment) -> _Seen:
    """A request, from when its head came, if that is known (`api.connection`)."""
    now, connection = _now(), environ.get("gunicorn.socket")
    queued: float | None = getattr(connection, "queued", None)
    return _Seen(
        id_of(given_id),
        began=getattr(connection, "came", now),
        waited=0.0 if queued is None else now - queued,
    )


def id_of(given: str) -> str:
    """The id of a request: the one it brings if that is a sane one, else a new one."""
    return given if _SANE.fullmatch(given) else secrets.token_hex(8)


def request_id() -> str | None:
    """The id of the request that is being answered; None outside of one."""
    seen = _current.get()
    return seen.id if seen else None


class stage:  # reads as a function; a generator would cost twice as much
    """Time a stage of the work on a picture, whether it succeeds or not."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.seconds = 0.0

    def __enter__(self) -> "stage":
        self._began = _now()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.seconds = _now() - self._began
        if kind is None or issubclass(kind, Exception):  # else it begins anew (`api.desk`)
            self._record()

    def _record(self) -> None:
        _stage_seconds(self._name).observe(self.seconds)
        seen = _current.get()
        if seen:
            seen.stages.append((self._name, self.seconds))


class waiting(stage):
    """The stage `wait`: all parts of it are added up."""

    def __init__(self) -> None:
        super().__init__("wait")
        seen = _current.get()
        if seen:
            self.seconds, seen.waited = seen.waited, 0.0

    def __exit__(self, *_: object) -> None:
        self.seconds += _now() - self._began

    def over(self) -> None:
        """That was the last part."""
        self._record()


# What `labels` looks up under a lock, anew for each request; there are few of them.
_stage_seconds = cache(metrics.STAGE_SECONDS.labels)
_requests = cache(metrics.REQUESTS.labels)
_request_seconds = cache(metrics.REQUEST_SECONDS.labels)
_verdicts = cache(metrics.VERDICTS.labels)


def verdict(model: str, label: str) -> None:
    """Count a picture's verdict."""
    _verdicts(model, label).inc()
    seen = _current.get()
    if seen:
        seen.verdicts.append((model, label))


def refused(code: str) -> None:
    """Count a problem that takes the place of an answer."""
    metrics.REFUSED.labels(code).inc()


def turned_away(code: str, method: str, status: int) -> None:
    """Count a request that was refused before it was routed."""
    refused(code)
    _requests(method if method in _METHODS else "other", "unknown", status).inc()


def _line(
    seen: _Seen,
    method: str,
    route: str,
    response: Response,
    seconds: float,
    stages: dict[str, float],
) -> dict[str, object]:
    """What is logged of a request: neither its path and query, nor its body, nor who sent it."""
    line: dict[str, object] = {
        "request_id": seen.id,
        "method": method,
        "route": route,
        "status": response.status_code,
        "ms": round(seconds * 1000, 1),
    }
    if stages:
        line["stages_ms"] = {name: round(value * 1000, 1) for name, value in stages.items()}
    if len(seen.verdicts) == 1:
        line["model"], line["verdict"] = seen.verdicts[0]
    elif seen.verdicts:
        line["pictures"] = len(seen.verdicts)
    return line


def _by_stage(seen: _Seen) -> dict[str, float]:
    """Seconds by stage, in the order of the work; a batch's pictures are added up."""
    found: dict[str, float] = {}
    for name, seconds in seen.stages:
        found[name] = found.get(name, 0.0) + seconds
    return {name: found[name] for name in metrics.STAGES if name in found}


def _now() -> float:
    return time.perf_counter()
