"""The service's configuration for gunicorn, but its compute queue is full from the start."""

from flask import Flask

from api.gunicorn_conf import *  # noqa: F403  # gunicorn takes its settings from module variables
from tests.api.full_queue import fill

wsgi_app = "tests.api.full_conf:worker_app()"


def worker_app() -> Flask:
    from api.app import create_app
    from api.classification import Service
    from api.settings import Settings

    settings = Settings.load()
    service = Service.start(settings)
    app = create_app(settings, service)
    app.extensions["places"] = fill(service.queue)  # given back when they are forgotten
    return app
