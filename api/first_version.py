"""The two calls of the first version, kept for the programs that still make them."""

from typing import Any

from flask_restful import Resource

from api import body, schemas
from api.service import ANY, Service


class _Resource(Resource):  # type: ignore[misc]  # Flask-RESTful has no types
    def __init__(self, service: Service) -> None:
        self.service = service


class DogProbability(_Resource):
    """POST / {"url": …}: the probability that the picture at this address shows a dog."""

    def post(self) -> dict[str, Any]:
        deadline = self.service.deadline()
        url = body.json_body(schemas.UrlBody, deadline).url
        result = self.service.classify(url, schemas.ResultQuery(), deadline)
        labels = self.service.registry.get(None).card.labels
        asked = "dog" if "dog" in labels else labels[-1]
        scores = {scored.label: scored.score for scored in result.predictions}
        return {"prob": scores[asked], "url": url}


class RandomImage(_Resource):
    """GET /random_image: the record that the photo source has of a random photo."""

    def get(self) -> dict[str, Any]:
        photo, _ = self.service.random_photo(ANY, None)
        return {**photo.raw, "search_term": photo.subject}
