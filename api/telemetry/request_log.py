"""What is told of each request: its id, its line in the log, its metrics, its Server-Timing."""

import logging
import re
import secrets
import time
from functools import cache
from types import TracebackType

from flask import Flask, Response, request, request_started

from api.context import (
    RequestContext,
    begin_request,
    current_request,
    current_request_or_none,
    end_request,
)
from api.deadline import Deadline
from api.memory_budget import MemoryBudget, RequestBudget
from api.settings import Settings
from api.telemetry import metrics

REQUEST_ID = "X-Request-Id"

_VALID_ID = re.compile(r"[\w.:+/=-]{1,64}", re.ASCII)
_METHODS = {"GET", "HEAD", "POST", "OPTIONS"}
_PROBES = {"/healthz", "/readyz", "/metrics"}

_log = logging.getLogger("api.request")

# `labels` looks each of these up under a lock, for every request anew; there are few of them.
_stage_seconds = cache(metrics.STAGE_SECONDS.labels)
_requests = cache(metrics.REQUESTS.labels)
_request_seconds = cache(metrics.REQUEST_SECONDS.labels)
_verdicts = cache(metrics.VERDICTS.labels)


def register(app: Flask, settings: Settings, memory: MemoryBudget) -> None:
    """Begin and end the context of each request of `app`, and log it.

    Register this first: Flask runs after_request and teardown hooks in reverse.
    """
    allowed_origins = ", ".join(settings.cors_origins)

    @request_started.connect_via(app)  # before any hook: each of them may end the request
    def begin(_: Flask) -> None:
        begin_request(
            RequestContext(
                id=valid_id(request.headers.get(REQUEST_ID, "")),
                began=time.perf_counter(),
                deadline=Deadline(settings.request_timeout_s),
                budget=RequestBudget(memory),
            )
        )
        metrics.IN_FLIGHT.inc()

    @app.after_request
    def log(response: Response) -> Response:
        state = current_request()
        seconds = time.perf_counter() - state.began
        stages = _by_stage(state)
        headers = response.headers  # `add`: to set one, all are looked through
        headers.add(REQUEST_ID, state.id)
        timing = [f"{name};dur={value * 1000:.1f}" for name, value in stages.items()]
        headers.add("Server-Timing", ", ".join([*timing, f"total;dur={seconds * 1000:.1f}"]))
        if allowed_origins:
            headers.add("Timing-Allow-Origin", allowed_origins)
        rule = request.url_rule
        route, method = rule.rule if rule else "unknown", _known(request.method)
        _requests(method, route, response.status_code).inc()
        _request_seconds(route).observe(seconds)
        level = logging.DEBUG if route in _PROBES else logging.INFO
        if _log.isEnabledFor(level):
            line = _line(state, method, route, response.status_code, seconds, stages)
            _log.log(level, "request", extra=line)
        return response

    @app.teardown_request
    def end(error: BaseException | None) -> None:
        state = end_request()
        if state is not None:
            state.budget.give_back()
            metrics.IN_FLIGHT.dec()


def valid_id(given: str) -> str:
    """The id of a request: the one it brings if that is a valid one, else a new one."""
    return given if _VALID_ID.fullmatch(given) else secrets.token_hex(8)


class stage:  # used like a function; a generator would cost twice as much
    """Time a stage of the work on a picture, whether it succeeds or not."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.seconds = 0.0

    def __enter__(self) -> "stage":
        self._began = time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.seconds = time.perf_counter() - self._began
        _stage_seconds(self._name).observe(self.seconds)
        state = current_request_or_none()
        if state:
            state.stages.append((self._name, self.seconds))


def verdict(model: str, label: str) -> None:
    """Count a picture's verdict."""
    _verdicts(model, label).inc()
    state = current_request_or_none()
    if state:
        state.verdicts.append((model, label))


def rejected(code: str, method: str, status: int) -> None:
    """Count a request that was refused before it was routed."""
    metrics.REFUSED.labels(code).inc()
    _requests(_known(method), "unknown", status).inc()


def _known(method: str) -> str:
    return method if method in _METHODS else "other"


def _line(
    state: RequestContext,
    method: str,
    route: str,
    status: int,
    seconds: float,
    stages: dict[str, float],
) -> dict[str, object]:
    """What is logged of a request: neither its path and query, nor its body, nor who sent it."""
    line: dict[str, object] = {
        "request_id": state.id,
        "method": method,
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 1),
    }
    if stages:
        line["stages_ms"] = {name: round(value * 1000, 1) for name, value in stages.items()}
    if len(state.verdicts) == 1:
        line["model"], line["verdict"] = state.verdicts[0]
    elif state.verdicts:
        line["pictures"] = len(state.verdicts)
    return line


def _by_stage(state: RequestContext) -> dict[str, float]:
    """Seconds by stage, in the order of the work; a batch's pictures are added up."""
    found: dict[str, float] = {}
    for name, seconds in state.stages:
        found[name] = found.get(name, 0.0) + seconds
    return {name: found[name] for name in metrics.STAGES if name in found}
