"""POST /api/v1/classify: one picture, uploaded or fetched from a link."""

from flask import Response

from api import request_body, schemas
from api.openapi import documented
from api.routes.resource import PICTURE_PROBLEMS, ServiceResource, answer

ONE_PICTURE = {
    "multipart/form-data": request_body.ONE_UPLOAD,
    "application/json": schemas.UrlBody,
    "image/*": request_body.RAW_UPLOAD,
}


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
        options = request_body.query(schemas.ResultQuery)
        source = request_body.picture(deadline, self.service.max_bytes)
        return answer(self.service.classify(source, options, deadline))
