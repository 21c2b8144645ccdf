"""Records each request: its id, its line in the log, its metrics, its Server-Timing."""

import logging
import re
import secrets
import time
from functools import cache

from flask import Flask, Response, request, request_started

from api.context import (
    CountedInput,
    Deadline,
    MemoryBudget,
    RequestBudget,
    RequestContext,
    begin_request,
    current_request,
    end_request,
)
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


def register(app: Flask, settings: Settings) -> None:
    """Begin and end the context of each request of `app`, and log it.

    Register this first: Flask runs after_request and teardown hooks in reverse.
    """
    memory = MemoryBudget(settings.max_batch_bytes + settings.max_upload_bytes)
    allowed_origins = ", ".join(settings.cors_origins)

    @request_started.connect_via(app)  # before any hook: each of them may end the request
    def begin(_: Flask) -> None:
        budget, environ = RequestBudget(memory), request.environ
        environ["wsgi.input"] = CountedInput(environ["wsgi.input"], budget)
        request_id = valid_id(request.headers.get(REQUEST_ID, ""))
        begin_request(RequestContext(request_id, Deadline(settings.request_timeout_s), budget))
        metrics.IN_FLIGHT.inc()

    @app.after_request
    def log(response: Response) -> Response:
        context = current_request()
        seconds = time.perf_counter() - context.began
        stages = _by_stage(context)
        headers = response.headers  # `add`: to set one, all are looked through
        headers.add(REQUEST_ID, context.id)
        timing = [f"{name};dur={value * 1000:.1f}" for name, value in stages.items()]
        headers.add("Server-Timing", ", ".join([*timing, f"total;dur={seconds * 1000:.1f}"]))
        if allowed_origins:
            headers.add("Timing-Allow-Origin", allowed_origins)
        rule = request.url_rule
        route, method = rule.rule if rule else "unknown", _known(request.method)
        _requests(method, route, response.status_code).inc()
        _request_seconds(route).observe(seconds)
        for stage, duration in context.stages:
            _stage_seconds(stage).observe(duration)
        for verdict in context.verdicts:
            _verdicts(*verdict).inc()
        level = logging.DEBUG if route in _PROBES else logging.INFO
        if _log.isEnabledFor(level):
            line = _line(context, method, route, response.status_code, seconds, stages)
            _log.log(level, "request", extra=line)
        return response

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        if end_request():
            metrics.IN_FLIGHT.dec()


def valid_id(given: str) -> str:
    """The id of a request: the one it brings if that is a valid one, else a new one."""
    return given if _VALID_ID.fullmatch(given) else secrets.token_hex(8)


def count_unrouted(method: str, status: int) -> None:
    """Count a request that was answered before it was routed."""
    _requests(_known(method), "unknown", status).inc()


def _known(method: str) -> str:
    return method if method in _METHODS else "other"


def _line(
    context: RequestContext,
    method: str,
    route: str,
    status: int,
    seconds: float,
    stages: dict[str, float],
) -> dict[str, object]:
    """What is logged of a request: neither its path and query, nor its body, nor who sent it."""
    line: dict[str, object] = {
        "request_id": context.id,
        "method": method,
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 1),
    }
    if stages:
        line["stages_ms"] = {name: round(value * 1000, 1) for name, value in stages.items()}
    if len(context.verdicts) == 1:
        line["model"], line["verdict"] = context.verdicts[0]
    elif context.verdicts:
        line["pictures"] = len(context.verdicts)
    return line


def _by_stage(context: RequestContext) -> dict[str, float]:
    """Seconds by stage, in the order of the work; a batch's pictures are added up."""
    found: dict[str, float] = {}
    for name, seconds in context.stages:
        found[name] = found.get(name, 0.0) + seconds
    return {name: found[name] for name in metrics.STAGES if name in found}
