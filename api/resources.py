"""The endpoints of /api/v1: each takes a request apart, asks the service, and answers in JSON."""

from flask import Response, request
from flask_restful import Resource
from pydantic import BaseModel

from api import body, schemas
from api.openapi import documented
from api.registry import Registry
from api.service import Service
from common.classifier import Classifier

ONE_PICTURE = {
    "multipart/form-data": body.ONE_UPLOAD,
    "application/json": schemas.UrlBody,
    "image/*": body.RAW_UPLOAD,
}
PICTURE_PROBLEMS = (
    "model_not_found",
    "url_not_allowed",
    "image_too_large",
    "unsupported_media_type",
    "image_unreadable",
    "fetch_failed",
    "fetch_timeout",
    "deadline_exceeded",
)


def answer(content: BaseModel) -> Response:
    """A JSON answer; what was not asked for is left out."""
    return Response(content.model_dump_json(exclude_unset=True), content_type="application/json")


class ServiceResource(Resource):  # type: ignore[misc]  # Flask-RESTful has no types
    """An endpoint that asks the service."""

    def __init__(self, service: Service) -> None:
        self.service = service


class Classify(ServiceResource):
    """One picture, by upload or address."""

    @documented(
        query=schemas.ResultQuery,
        body=ONE_PICTURE,
        answer=schemas.Result,
        problems=PICTURE_PROBLEMS,
    )
    def post(self) -> Response:
        """Classify a picture.

        Send it as the field `image` of a form, as a raw body, or as the address to fetch it from.
        """
        deadline = self.service.deadline()
        options = body.query(schemas.ResultQuery)
        source = body.picture(deadline, self.service.max_bytes)
        return answer(self.service.classify(source, options, deadline))


class Random(ServiceResource):
    """A photo nobody chose."""

    @documented(
        query=schemas.RandomQuery,
        answer=schemas.RandomAnswer,
        problems=(*PICTURE_PROBLEMS, "photo_source_unavailable"),
    )
    def get(self) -> Response:
        """Draw a random photo.

        From Flickr, Wikimedia Commons or a folder, with its credit; classified unless
        `classify=false`.
        """
        deadline = self.service.deadline()
        options = body.query(schemas.RandomQuery)
        photo, data = self.service.random_photo(options.subject, options.model)
        result = self.service.classify(data, options, deadline) if options.classify else None
        credit = schemas.PhotoCredit.model_validate(photo, from_attributes=True)
        return answer(schemas.RandomAnswer(photo=credit, result=result))


class Models(ServiceResource):
    """Every model that is served."""

    @documented(query=schemas.NoQuery, answer=schemas.ModelList)
    def get(self) -> Response:
        """List the models.

        Each with its card: labels, metrics and how they were measured, provenance and licence.
        """
        body.query(schemas.NoQuery)
        registry = self.service.registry
        entries = tuple(_entry(model, registry) for model in registry)
        return _revalidated(answer(schemas.ModelList(models=entries)))


class Model(ServiceResource):
    """One model."""

    @documented(
        query=schemas.NoQuery,
        path={"name": "cat_dog"},
        answer=schemas.ModelEntry,
        problems=("model_not_found",),
    )
    def get(self, name: str) -> Response:
        """Read one model's card.

        What it was trained on, how well it does and how that was measured.
        """
        body.query(schemas.NoQuery)
        registry = self.service.registry
        return _revalidated(answer(_entry(registry.get(name), registry)))


def _entry(model: Classifier, registry: Registry) -> schemas.ModelEntry:
    card = model.card.model_dump(exclude={"golden", "int8"})
    return schemas.ModelEntry(**card, default=card["name"] == registry.default)


def _revalidated(response: Response) -> Response:
    """May be kept, but is asked for again each time: a reload may bring another model."""
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]
