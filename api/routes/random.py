"""GET /api/v1/random: a photo that nobody chose, with its credit."""

from flask import Response

from api import request_body, schemas
from api.openapi import Tag, documented
from api.routes.resource import PICTURE_PROBLEMS, ServiceResource, answer


class Random(ServiceResource):
    """A photo nobody chose."""

    @documented(
        name="random_photo",
        tag=Tag.PHOTOS,
        answered="The photo with its credit, and its result.",
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
        options = request_body.query(schemas.RandomQuery)
        photo, data = self.service.random_photo(options.subject, options.model)
        result = self.service.classify(data, options, deadline) if options.classify else None
        credit = schemas.PhotoCredit.model_validate(photo, from_attributes=True)
        return answer(schemas.RandomAnswer(photo=credit, result=result))
