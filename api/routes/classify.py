"""POST /api/v1/classify: one picture, uploaded or fetched from a link."""

from flask import Response

from api import request_body, schemas
from api.openapi import Tag, documented
from api.routes.resource import PICTURE_PROBLEMS, ServiceResource, answer

ONE_PICTURE = {
    "multipart/form-data": request_body.ONE_UPLOAD,
    "application/json": (schemas.UrlBody, schemas.ImageBody),
    "image/*": request_body.RAW_UPLOAD,
}


class Classify(ServiceResource):
    """One picture, by upload or address."""

    @documented(
        name="classify",
        tag=Tag.CLASSIFY,
        answered="What the model says of the picture.",
        query=schemas.ResultQuery,
        body=ONE_PICTURE,
        answer=schemas.Result,
        problems=PICTURE_PROBLEMS,
    )
    def post(self) -> Response:
        """Classify a picture.

        Send the file as the field `image` of a form or as the raw body, or send JSON with a link or
        with the file in base64.
        """
        deadline = self.service.deadline()
        options = request_body.query(schemas.ResultQuery)
        source = request_body.picture(deadline, self.service.max_bytes)
        return answer(self.service.classify(source, options, deadline))
