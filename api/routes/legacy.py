"""The two calls of the first version, kept for the programs that still make them."""

from typing import Any

from flask import Response

from api import request_body, schemas
from api.classification import ANY
from api.openapi import documented
from api.routes.resource import PICTURE_PROBLEMS, ServiceResource, answer

RECORD = {"application/json": {"schema": {"type": "object", "required": ["search_term"]}}}


class DogProbability(ServiceResource):
    """The probability of a dog."""

    @documented(
        body={"application/json": schemas.UrlBody},
        answer=schemas.DogProbability,
        problems=PICTURE_PROBLEMS,
    )
    def post(self) -> Response:
        """Say how probable a dog is (first version).

        The score of the label `dog` of the default model, or of its last label.
        """
        deadline = self.service.deadline()
        url = request_body.json_body(schemas.UrlBody, deadline).url
        result = self.service.classify(url, schemas.ResultQuery(), deadline)
        labels = self.service.registry.get(None).card.labels
        asked = "dog" if "dog" in labels else labels[-1]
        scores = {scored.label: scored.score for scored in result.predictions}
        return answer(schemas.DogProbability(prob=scores[asked], url=url))


class RandomImage(ServiceResource):
    """A photo source's own record."""

    @documented(answer=RECORD, problems=("photo_source_unavailable", "deadline_exceeded"))
    def get(self) -> dict[str, Any]:
        """Draw a random photo (first version).

        The record that the photo source has of it, with the `search_term` it was found by.
        """
        photo, _ = self.service.random_photo(ANY, None)
        return {**photo.raw, "search_term": photo.subject}
