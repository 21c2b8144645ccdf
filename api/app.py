"""The application factory: load the models, then route."""

from collections.abc import Callable
from typing import Any

import flask_restful
from flask import Flask

from api import errors, memory_budget, openapi
from api.classification import Service
from api.desk import CLASSIFY
from api.middleware import cors, drain_body, load_shedding, proxy_check, security_headers
from api.model_store.state_dir import Runtime
from api.ratelimit import hooks
from api.routes import docs, static_page
from api.routes.batch import ClassifyBatch
from api.routes.classify import Classify
from api.routes.health import Health, Ready
from api.routes.legacy import DogProbability, RandomImage
from api.routes.models import Model, Models
from api.routes.random import Random
from api.routes.samples import Sample, Samples
from api.settings import Settings
from api.telemetry import metrics, request_log

VERSION = "1.1.0"
"""Of the HTTP contract."""


class _App(Flask):
    """Flask without its question, at each call, whether a function is a coroutine: none is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


class _Api(flask_restful.Api):  # type: ignore[misc]  # Flask-RESTful has no types
    """Flask-RESTful without its own answers to errors: those are made in `api.errors`."""

    def error_router(self, original_handler, error):  # type: ignore[no-untyped-def]
        return original_handler(error)


def create_app(settings: Settings | None = None, runtime: Runtime | None = None) -> Flask:
    """Build the application: load and warm up the models, then route to the endpoints.

    Args:
        settings: taken from the environment if left out.
        runtime: the files of the service this is a worker of; left out, there are no reloads.

    Raises:
        SettingsError, ModelError: what the service cannot start with, in one line.
    """
    settings = settings or Settings.load()
    app = _App(__name__, static_folder=None)
    request_log.register(app, settings)
    proxy_check.register(app, settings)
    errors.register(app)
    memory_budget.register(app, settings)
    hooks.register(app, settings)
    cors.register(app, settings)
    security_headers.register(app, settings)

    service = Service.start(settings, runtime)
    app.extensions["dogorcat"] = service
    load_shedding.register(app, settings)
    drain_body.register(app)
    api = _Api(app)
    mine = {"resource_class_kwargs": {"service": service}}
    api.add_resource(Classify, CLASSIFY, **mine)
    api.add_resource(ClassifyBatch, f"{CLASSIFY}/batch", **mine)
    api.add_resource(Random, "/api/v1/random", **mine)
    api.add_resource(Models, "/api/v1/models", **mine)
    api.add_resource(Model, "/api/v1/models/<name>", **mine)
    folder = {"resource_class_kwargs": {"folder": service.photos.folder}}
    api.add_resource(Samples, "/api/v1/samples", **folder)
    api.add_resource(Sample, "/api/v1/samples/<key>", **folder)
    api.add_resource(DogProbability, "/", **mine)
    api.add_resource(RandomImage, "/random_image", **mine)
    api.add_resource(Health, "/healthz")
    api.add_resource(Ready, "/readyz", **mine)
    metrics.register(app, runtime)
    app.register_blueprint(docs.docs)
    app.register_blueprint(static_page.page)
    app.extensions["openapi"] = openapi.build(app, VERSION, settings.contact)
    return app
