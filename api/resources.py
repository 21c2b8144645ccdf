"""The endpoints of /api/v1: each takes a request apart, asks the service, and answers in JSON."""

from flask import Response
from flask_restful import Resource
from pydantic import BaseModel

from api import body, schemas
from api.registry import Registry
from api.service import Service
from common.classifier import Classifier


def answer(content: BaseModel) -> Response:
    """A JSON answer that nobody may keep; what was not asked for is left out."""
    return Response(
        content.model_dump_json(exclude_unset=True),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


class _Resource(Resource):  # type: ignore[misc]  # Flask-RESTful has no types
    def __init__(self, service: Service) -> None:
        self.service = service
        self.max_bytes = service.settings.max_upload_mb * 2**20


class Classify(_Resource):
    """POST /api/v1/classify: one picture, by upload or address."""

    def post(self) -> Response:
        deadline = self.service.deadline()
        options = body.query(schemas.ResultQuery)
        source = body.picture(deadline, self.max_bytes)
        return answer(self.service.classify(source, options, deadline))


class Random(_Resource):
    """GET /api/v1/random: a photo nobody chose, with its credit."""

    def get(self) -> Response:
        deadline = self.service.deadline()
        options = body.query(schemas.RandomQuery)
        photo, data = self.service.random_photo(options.subject, options.model)
        result = self.service.classify(data, options, deadline) if options.classify else None
        credit = schemas.PhotoCredit.model_validate(photo, from_attributes=True)
        return answer(schemas.RandomAnswer(photo=credit, result=result))


class Models(_Resource):
    """GET /api/v1/models: the cards of all models."""

    def get(self) -> Response:
        registry = self.service.registry
        entries = tuple(_entry(model, registry) for model in registry)
        return answer(schemas.ModelList(models=entries))


class Model(_Resource):
    """GET /api/v1/models/<name>: one model's card."""

    def get(self, name: str) -> Response:
        registry = self.service.registry
        return answer(_entry(registry.get(name), registry))


def _entry(model: Classifier, registry: Registry) -> schemas.ModelEntry:
    card = model.card.model_dump(exclude={"golden"})
    return schemas.ModelEntry(**card, default=card["name"] == registry.default)
