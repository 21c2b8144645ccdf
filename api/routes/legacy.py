"""The two calls of the first version, kept for the programs that still make them."""

from typing import Any

from api.context import RequestContext
from api.openapi import Tag
from api.parsing import body
from api.photos import ANY
from api.routes.endpoint import PICTURE_PROBLEMS, ServiceResource, endpoint
from api.schemas import answers, requests

RECORD = {
    "application/json": {
        "schema": {"type": "object", "required": ["search_term"]},
        "examples": {
            "flickr": {
                "summary": "A record of Flickr",
                "value": {"id": "49514824541", "title": "A cat on a wall", "search_term": "cat"},
            }
        },
    }
}


class DogProbability(ServiceResource):
    """The probability of a dog."""

    @endpoint(
        name="legacy_dog_probability",
        tag=Tag.LEGACY,
        answered="The score of the label `dog`.",
        body={"application/json": requests.UrlBody},
        problems=PICTURE_PROBLEMS,
    )
    def post(self, context: RequestContext) -> answers.DogProbability:
        """Say how probable a dog is.

        The score of the label `dog` of the default model, or of its last label where there is none.
        New programs use `classify`.
        """
        model = self.service.model(None)
        url = body.json_body(requests.UrlBody, context).url
        result = self.service.classify(url, model, requests.ResultQuery(), context)
        labels = model.card.labels
        asked = "dog" if "dog" in labels else labels[-1]
        scores = {scored.label: scored.score for scored in result.predictions}
        return answers.DogProbability(prob=scores[asked], url=url)


class RandomImage(ServiceResource):
    """A photo source's own record."""

    @endpoint(
        name="legacy_random_image",
        tag=Tag.LEGACY,
        answered="The photo source's own record.",
        answer=RECORD,
        problems=("photo_source_unavailable", "deadline_exceeded"),
    )
    def get(self, context: RequestContext) -> dict[str, Any]:
        """Draw a random photo's record.

        What the photo source says of it, with the `search_term` it was found by. New programs use
        `random_photo`.
        """
        photo, _ = self.service.random_photo(ANY, self.service.model(None), context)
        return {**photo.raw, "search_term": photo.subject}
