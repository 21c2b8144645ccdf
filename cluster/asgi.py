"""The Flask application as an ASGI one, which is what Ray Serve runs: a2wsgi and what it omits."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from a2wsgi import WSGIMiddleware
from flask import Flask

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

GRACE_S = 0.5
"""The application gives a slow body up by itself, and says so; the bridge ends it just after."""


class AsgiApp:
    """One replica's application.

    Args:
        app: from `api.create_app`.
        threads: requests it works on at the same time: as many as Ray lets through.
        body_timeout_s: seconds that a body may take to arrive.
    """

    def __init__(self, app: Flask, threads: int, body_timeout_s: float) -> None:
        self.app = app
        self._body_timeout_s = body_timeout_s + GRACE_S
        # An answer is queued without a bound, since who waits for room in the queue of a client
        # that has gone waits for ever, and its thread is lost. Answers are at most a few MB.
        self._asgi: Any = WSGIMiddleware(self._wsgi, workers=threads, send_queue_size=0)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # WSGI cannot tell X_Forwarded_For from X-Forwarded-For, and only one is vouched for.
            known = [(name, value) for name, value in scope["headers"] if b"_" not in name]
            scope = {**scope, "headers": known}
            receive = _until(asyncio.get_running_loop().time() + self._body_timeout_s, receive)
        await self._asgi(scope, receive, send)

    def _wsgi(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["wsgi.input_terminated"] = True  # a body without Content-Length has an end, too
        return self.app(environ, start_response)


def _until(end: float, receive: Receive) -> Receive:
    """`receive`, for which a client that is too slow is one that has gone."""

    async def timed() -> Message:
        try:
            async with asyncio.timeout_at(end):
                return await receive()
        except TimeoutError:
            return {"type": "http.disconnect"}

    return timed
