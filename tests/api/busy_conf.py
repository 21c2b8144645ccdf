"""The service's configuration for gunicorn, but its desk has one place, and is slow with it.

A connection is closed when it has been silent for less time than that takes.
"""

import time

from flask import Flask

from api import gunicorn_conf
from api.gunicorn_conf import *  # noqa: F403  # gunicorn takes its settings from module variables
from tests.api.lanes import fill

SLOW_S = 2.0

wsgi_app = "tests.api.busy_conf:worker_app()"
keepalive = 1


def worker_app() -> Flask:
    app = gunicorn_conf.worker_app()
    fill(app)
    app.extensions["taken"].pop()  # gives it back
    desk = app.extensions["dogorcat"].desk
    serve = desk.serve

    def slowly() -> None:
        if not desk.is_empty:
            time.sleep(SLOW_S)
        serve()

    desk.serve = slowly
    return app
