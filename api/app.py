"""The application factory: hooks, middleware and endpoints around one service."""

from collections.abc import Callable
from typing import Any

import flask_restful
from flask import Flask

from api import errors, memory_budget, openapi
from api.classification import Service
from api.memory_budget import MemoryBudget
from api.middleware import cors, drain_body, load_shedding, proxy_check, security_headers
from api.model_store.reload_metrics import ReloadMetrics
from api.ratelimit import hooks
from api.routes import docs, static_page
from api.routes.batch import ClassifyBatch
from api.routes.classify import Classify
from api.routes.feedback import Feedback
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


def create_app(settings: Settings | None = None, service: Service | None = None) -> Flask:
    """Build the application: route requests to the endpoints, which ask the service.

    Args:
        settings: taken from the environment if left out.
        service: started with the settings if left out, without reloads.

    Raises:
        SettingsError, ModelError: what the service cannot start with, in one line.
    """
    settings = settings or Settings.load()
    service = service or Service.start(settings)
    app = _App(__name__, static_folder=None)
    memory = MemoryBudget(settings.max_batch_bytes + settings.max_upload_bytes)
    request_log.register(app, settings, memory)
    proxy_check.register(app, settings)
    errors.register(app)
    memory_budget.register(app)
    hooks.register(app, settings, service.queue)
    cors.register(app, settings)
    # Middleware: what is registered last sees a request first.
    security_headers.register(app, settings)
    load_shedding.register(app, settings, service.queue)
    drain_body.register(app)
    _add_endpoints(app, service)
    return app


def _add_endpoints(app: Flask, service: Service) -> None:
    api = _Api(app)
    of_service = {"resource_class_kwargs": {"service": service}}
    api.add_resource(Classify, "/api/v1/classify", **of_service)
    api.add_resource(ClassifyBatch, "/api/v1/classify/batch", **of_service)
    api.add_resource(Random, "/api/v1/random", **of_service)
    api.add_resource(Models, "/api/v1/models", **of_service)
    api.add_resource(Model, "/api/v1/models/<name>", **of_service)
    api.add_resource(Feedback, "/api/v1/feedback", **of_service)
    of_folder = {"resource_class_kwargs": {"folder": service.photos.folder}}
    api.add_resource(Samples, "/api/v1/samples", **of_folder)
    api.add_resource(Sample, "/api/v1/samples/<key>", **of_folder)
    api.add_resource(DogProbability, "/", **of_service)
    api.add_resource(RandomImage, "/random_image", **of_service)
    api.add_resource(Health, "/healthz")
    api.add_resource(Ready, "/readyz", **of_service)
    metrics.register(app, [ReloadMetrics(service.state)] if service.state else ())
    app.register_blueprint(docs.docs)
    app.register_blueprint(static_page.page)
    app.extensions["openapi"] = openapi.build(app, VERSION, service.settings.contact)
