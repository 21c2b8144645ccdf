"""POST /api/v1/classify: one picture, uploaded or fetched from a link."""

from flask import Response

from api.context import current_request
from api.openapi import FILE, Tag, documented, form
from api.parsing import body
from api.routes.resource import PICTURE_PROBLEMS, ServiceResource, answer
from api.schemas import answers, requests
from common.images import WHOLE

ONE_PICTURE = {
    "multipart/form-data": form({"image": FILE}, required=["image"]),
    "application/json": (requests.UrlBody, requests.ImageBody),
    "image/*": {"schema": FILE},
}


class Classify(ServiceResource):
    """One picture, by upload or address."""

    @documented(
        name="classify",
        tag=Tag.CLASSIFY,
        answered="What the model says of the picture.",
        query=requests.ClassifyQuery,
        body=ONE_PICTURE,
        answer=answers.Result,
        problems=PICTURE_PROBLEMS,
    )
    def post(self) -> Response:
        """Classify a picture.

        Send the file as the field `image` of a form or as the raw body, or send JSON with a link or
        with the file in base64.
        """
        context = current_request()
        options = body.query(requests.ClassifyQuery)
        model = self.service.model(options.model)
        limit = self.service.settings.max_upload_bytes
        source = body.picture(context, limit)
        region = options.region or WHOLE
        return answer(self.service.classify(source, model, options, context, region))
