"""GET /api/v1/random: a photo that nobody chose, with its credit."""

from flask import Response

from api.context import current_request
from api.openapi import Tag, documented
from api.parsing import body
from api.routes.resource import PICTURE_PROBLEMS, ServiceResource, answer
from api.schemas import answers, requests


class Random(ServiceResource):
    """A photo nobody chose."""

    @documented(
        name="random_photo",
        tag=Tag.PHOTOS,
        answered="The photo with its credit, and its result.",
        query=requests.RandomQuery,
        answer=answers.RandomAnswer,
        problems=(*PICTURE_PROBLEMS, "photo_source_unavailable"),
    )
    def get(self) -> Response:
        """Draw a random photo.

        From Flickr, Wikimedia Commons or a folder, with its credit; classified unless
        `classify=false`.
        """
        context = current_request()
        options = body.query(requests.RandomQuery)
        model = self.service.model(options.model)
        photo, data = self.service.random_photo(options.subject, model, context)
        result = None
        if options.classify:
            result = self.service.classify(data, model, options, context)
        credit = answers.PhotoCredit.model_validate(photo, from_attributes=True)
        return answer(answers.RandomAnswer(photo=credit, result=result))
