"""POST /api/v1/classify: one picture, uploaded or fetched from a link."""

from api.context import RequestContext
from api.openapi import FILE, Tag, form
from api.parsing import body
from api.routes.endpoint import PICTURE_PROBLEMS, ServiceResource, endpoint
from api.schemas import answers, requests
from common.images import WHOLE

ONE_PICTURE = {
    "multipart/form-data": form({"image": FILE}, required=["image"]),
    "application/json": (requests.UrlBody, requests.ImageBody),
    "image/*": {"schema": FILE},
}


class Classify(ServiceResource):
    """One picture, by upload or address."""

    @endpoint(
        name="classify",
        tag=Tag.CLASSIFY,
        answered="What the model says of the picture.",
        body=ONE_PICTURE,
        problems=PICTURE_PROBLEMS,
    )
    def post(self, context: RequestContext, options: requests.ClassifyQuery) -> answers.Result:
        """Classify a picture.

        Send the file as the field `image` of a form or as the raw body, or send JSON with a link or
        with the file in base64.
        """
        model = self.service.model(options.model)
        source = body.picture(context, self.service.settings.max_upload_bytes)
        return self.service.classify(source, model, options, context, options.region or WHOLE)
