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
"""The application itself gives up a slow body and says so; this is how much later it is cut off."""


class AsgiApp:
    """One replica's application.

    Args:
        app: from `api.create_app`.
        threads: requests it works on at the same time; as many as Ray lets through.
        body_timeout_s: seconds that a body may take to arrive.
    """

    def __init__(self, app: Flask, threads: int, body_timeout_s: float) -> None:
        self.app = app
        self._body_timeout_s = body_timeout_s + GRACE_S
        # The queue of an answer has no bound: a thread that waits for room in the queue of a
        # client that has gone would wait for ever. Answers are at most a few MB.
        self._asgi: Any = WSGIMiddleware(self._wsgi, workers=threads, send_queue_size=0)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # To WSGI, X_Forwarded_For is X-Forwarded-For, and a proxy sets only the latter.
            known = [(name, value) for name, value in scope["headers"] if b"_" not in name]
            scope = {**scope, "headers": known}
            receive = _until(asyncio.get_running_loop().time() + self._body_timeout_s, receive)
        await self._asgi(scope, receive, send)

    def _wsgi(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["wsgi.input_terminated"] = True  # bodies without Content-Length end, too
        return self.app(environ, start_response)


def _until(end: float, receive: Receive) -> Receive:
    """`receive`, which reports a client that is too slow as disconnected."""

    async def timed() -> Message:
        try:
            async with asyncio.timeout_at(end):
                return await receive()
        except TimeoutError:
            return {"type": "http.disconnect"}

    return timed
