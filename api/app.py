"""Builds the application: hooks, middleware and endpoints around one service."""

import flask_restful
from flask import Flask

from api import errors, openapi
from api.classification import Service
from api.context import current_request
from api.middleware import cors, wsgi
from api.model_store.registry import ReloadMetrics
from api.ratelimit import client_address, limiter
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
    app = Flask(__name__, static_folder=None)
    request_log.register(app, settings)
    client_address.check_proxies(app, settings.trusted_proxies)
    errors.register(app, lambda: current_request().id)
    limiter.register(app, settings, service.queue)
    cors.register(app, settings.cors_origins)
    wsgi.register(app, service.queue, settings)
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
    app.register_blueprint(static_page.page)
    docs.register(app, openapi.build(app, VERSION, service.settings.contact))
