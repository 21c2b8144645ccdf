"""ASGI middleware around Ray's HTTP proxies, which turns their own errors into problem+json.

Ray loads it by the name in `CALLBACK` when a proxy starts (`cluster.connection` sets it).
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from starlette.middleware import Middleware

from api import errors
from api.middleware.security_headers import DATA_POLICY, HEADERS

CALLBACK = "cluster.proxy_middleware.middlewares"

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Any, Send], Awaitable[None]]

# Headers by which a client could switch off Ray's time limit, or choose the replica.
STEERING = (b"x-request-timeout-seconds", b"x-request-disconnect-disabled")
STEERING_PREFIX = b"serve"
REQUEST_ID = b"x-request-id"
ROUTES_S = 3.0
"""Seconds to wait for a proxy that has just started: it answers 404 until it knows the routes."""
AGAIN_S = 0.05

OVERLOADED = errors.Problem(
    "overloaded", "Too many requests are waiting on all machines. Try again in a moment."
)
# What replaces Ray's own answers, by status; those of the application are never text/plain. Ray
# answers 500 when a replica or machine ended during a request, so another try will succeed.
OF_STATUS = {
    404: errors.Problem("not_found", "There is nothing at this address."),
    408: errors.Problem("deadline_exceeded", "The request took longer than is allowed here."),
    500: errors.Problem("not_ready", "What worked on this request has ended. Try again."),
    503: OVERLOADED,
}


class ProxyMiddleware:
    """Runs around a proxy, or around a replica where HAProxy is in front."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/-/"):
            await self._app(scope, receive, send)
            return
        scope["headers"] = [pair for pair in scope["headers"] if not _steers(pair[0])]
        end = time.monotonic() + ROUTES_S
        while not await self._passed(scope, receive, send, last=time.monotonic() > end):
            await asyncio.sleep(AGAIN_S)

    async def _passed(
        self, scope: MutableMapping[str, Any], receive: Any, send: Send, last: bool
    ) -> bool:
        """Let Ray answer; False if it knew no route, and this was not the `last` try."""
        started = replaced = unknown = False

        async def translated(message: Message) -> None:
            nonlocal started, replaced, unknown
            started = True
            if message["type"] == "http.response.start" and _of_ray(message):
                replaced = True
                unknown = message["status"] == 404 and not last
                if not unknown:
                    await _answer(message["status"], message["headers"], send)
            elif not replaced:
                if message["type"] == "http.response.start":
                    message["headers"] = _with_one_id(message["headers"])
                await send(message)

        await self._app({**scope}, receive, translated)
        if not started:  # the proxy returns so when the replica ended during the request
            await _answer(500, (), send)
        return not unknown


def middlewares() -> list[Middleware]:
    """The function that `CALLBACK` names."""
    return [Middleware(ProxyMiddleware)]


def _steers(name: bytes) -> bool:
    name = name.lower().replace(b"_", b"-")
    return name in STEERING or name.startswith(STEERING_PREFIX)


def _with_one_id(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers without the second request id, which Ray adds to that of the application."""
    kept: list[tuple[bytes, bytes]] = []
    for name, value in headers:
        again = any(name.lower() == REQUEST_ID == known.lower() for known, _ in kept)
        if not again:
            kept.append((name, value))
    return kept


def _of_ray(message: Message) -> bool:
    kind = dict(message["headers"]).get(b"content-type", b"")
    return message["status"] >= 400 and bytes(kind).startswith(b"text/plain")


async def _answer(status: int, given: Iterable[tuple[bytes, bytes]], send: Send) -> None:
    """Send a problem in place of Ray's answer, with the headers that all our answers have."""
    problem = OF_STATUS.get(status, OVERLOADED)
    status, _ = errors.PROBLEMS[problem.code]
    headers = {
        "Content-Type": errors.CONTENT_TYPE,
        "Cache-Control": "no-store",
        "Content-Security-Policy": DATA_POLICY,
        **HEADERS,
    }
    if problem.code in errors.RETRY_AFTER_S:
        headers["Retry-After"] = str(errors.RETRY_AFTER_S[problem.code])
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    raw += [pair for pair in given if pair[0].lower() == REQUEST_ID]
    body = json.dumps(errors.body(problem)).encode()
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
