"""What the endpoints of the service share: their class, and how they answer."""

from flask import Response
from flask_restful import Resource
from pydantic import BaseModel

from api.classification import Service

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
    """An endpoint that asks the service; there is one of each for all requests."""

    init_every_request = False

    def __init__(self, service: Service) -> None:
        self.service = service
