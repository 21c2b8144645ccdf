"""The service's configuration for gunicorn, but all places for pictures are taken from the start.

What a thread answers, and not the door, has a header of its own.
"""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from api import gunicorn_conf
from api.gunicorn_conf import *  # noqa: F403  # gunicorn takes its settings from module variables
from tests.api.lanes import fill

BY_THREAD = "X-By-Thread"

wsgi_app = "tests.api.full_conf:worker_app()"


def worker_app() -> Flask:
    app = gunicorn_conf.worker_app()
    fill(app)
    inner = app.wsgi_app

    def marking(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [*headers, (BY_THREAD, "yes")], *rest)

        return inner(environ, start)

    app.wsgi_app = marking  # type: ignore[method-assign]
    return app
