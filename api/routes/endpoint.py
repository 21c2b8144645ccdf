"""Makes methods of resources endpoints: checks their query, answers what they return as JSON."""

from collections.abc import Callable
from functools import wraps
from typing import Any, get_type_hints

from flask import Response, request
from flask_restful import Resource
from pydantic import BaseModel

from api.classification import Service
from api.context import current_request
from api.openapi import documented
from api.parsing import body

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


class ServiceResource(Resource):  # type: ignore[misc]  # Flask-RESTful has no types
    """Endpoints that ask the service; there is one object of each for all requests."""

    init_every_request = False

    def __init__(self, service: Service) -> None:
        self.service = service


def endpoint(**operation: Any) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Make a method of a resource an endpoint, as its annotations say.

    `options` are the query parameters, checked by the model that is its type; `context` is the
    request. A model that is returned is answered as JSON; what was not asked for is left out.

    Args:
        operation: what else is documented, see `api.openapi.Operation`.
    """

    def attach(method: Callable[..., Any]) -> Callable[..., Response]:
        types = get_type_hints(method)
        query, takes_context = types.get("options"), "context" in types
        is_revalidated = operation.get("revalidated", False)

        @wraps(method)
        def call(self: Resource, **given: Any) -> Response:
            if query:
                given["options"] = body.query(query)
            if takes_context:
                given["context"] = current_request()
            content = method(self, **given)
            if isinstance(content, BaseModel):
                text = content.model_dump_json(exclude_unset=True)
                content = Response(text, content_type="application/json")
            return revalidated(content) if is_revalidated else content

        return documented(**{"query": query, "answer": types["return"]} | operation)(call)

    return attach


def revalidated(response: Response) -> Response:
    """An answer that may be kept, but is asked for again each time: a new one may be there."""
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]
