"""What is seen of each request: its id, its line in the log, its metrics, its Server-Timing."""

import logging
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask, Response, g, has_app_context, request, request_started

from api import metrics
from api.settings import Settings

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
    stages: list[tuple[str, float]] = field(default_factory=list)
    verdicts: list[tuple[str, str]] = field(default_factory=list)


def register(app: Flask, settings: Settings) -> None:
    """Watch the requests of `app`. To be called first: what is registered first ends last."""
    allowed = ", ".join(settings.cors_origins)

    @request_started.connect_via(app)  # before any hook: each of them may end the request
    def begin(_: Flask) -> None:
        given = request.headers.get(REQUEST_ID, "")
        g.seen = _Seen(given if _SANE.fullmatch(given) else secrets.token_hex(8), _now())
        metrics.UNDER_WAY.inc()

    @app.after_request
    def end(response: Response) -> Response:
        seen: _Seen = g.seen
        seconds = _now() - seen.began
        stages = _by_stage(seen)
        response.headers[REQUEST_ID] = seen.id
        response.headers["Server-Timing"] = ", ".join(
            f"{name};dur={value * 1000:.1f}"
            for name, value in (*stages.items(), ("total", seconds))
        )
        if allowed:
            response.headers["Timing-Allow-Origin"] = allowed
        route = request.url_rule.rule if request.url_rule else "unknown"
        method = request.method if request.method in _METHODS else "other"
        metrics.REQUESTS.labels(method, route, response.status_code).inc()
        metrics.REQUEST_SECONDS.labels(route).observe(seconds)
        level = logging.DEBUG if route in _PROBES else logging.INFO
        if _log.isEnabledFor(level):
            _log.log(level, "request", extra=_line(seen, method, route, response, seconds, stages))
        return response

    @app.teardown_request
    def gone(error: BaseException | None) -> None:
        if "seen" in g:
            metrics.UNDER_WAY.dec()


def request_id() -> str | None:
    """The id of the request that is being answered; None outside of one."""
    return g.seen.id if has_app_context() and "seen" in g else None


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Time a stage of the work on a picture, whether it succeeds or not."""
    began = _now()
    try:
        yield
    finally:
        seconds = _now() - began
        metrics.STAGE_SECONDS.labels(name).observe(seconds)
        if has_app_context() and "seen" in g:
            g.seen.stages.append((name, seconds))


@contextmanager
def waiting() -> Iterator[None]:
    """The stage `wait`; who is in it is counted."""
    metrics.WAITING.inc()
    try:
        with stage("wait"):
            yield
    finally:
        metrics.WAITING.dec()


def verdict(model: str, label: str) -> None:
    """Count a picture's verdict."""
    metrics.VERDICTS.labels(model, label).inc()
    if has_app_context() and "seen" in g:
        g.seen.verdicts.append((model, label))


def refused(code: str) -> None:
    """Count a problem that takes the place of an answer."""
    metrics.REFUSED.labels(code).inc()


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
