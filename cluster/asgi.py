"""The Flask application as an ASGI application, which is what Ray Serve runs."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from a2wsgi import WSGIMiddleware
from flask import Flask

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

GRACE_S = 0.5
"""Seconds after the application's own time limit for a body, at which the body is cut off."""


class AsgiApp:
    """The application of one replica.

    Args:
        app: from `api.app.create_app`.
        threads: how many requests it works on at the same time: as many as Ray passes on.
        body_timeout_s: seconds that a body may take to arrive.
    """

    def __init__(self, app: Flask, threads: int, body_timeout_s: float) -> None:
        self.app = app
        self._body_timeout_s = body_timeout_s + GRACE_S
        # The queue of an answer has no limit: where the client has gone, a thread would wait for
        # room in it for ever. Answers have a few MB at most.
        self._asgi: Any = WSGIMiddleware(self._wsgi, workers=threads, send_queue_size=0)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # WSGI cannot tell X_Forwarded_For from X-Forwarded-For, which only a proxy sets.
            known = [(name, value) for name, value in scope["headers"] if b"_" not in name]
            scope = {**scope, "headers": known}
            receive = _until(asyncio.get_running_loop().time() + self._body_timeout_s, receive)
        await self._asgi(scope, receive, send)

    def _wsgi(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["wsgi.input_terminated"] = True  # bodies without Content-Length end, too
        return self.app(environ, start_response)


def _until(end: float, receive: Receive) -> Receive:
    """Like `receive`, but reports a client as disconnected when it is too slow."""

    async def timed() -> Message:
        try:
            async with asyncio.timeout_at(end):
                return await receive()
        except TimeoutError:
            return {"type": "http.disconnect"}

    return timed
