"""GET /api/v1/random: a photo that nobody chose, with its credit."""

from api.context import RequestContext
from api.openapi import Tag
from api.routes.endpoint import PICTURE_PROBLEMS, ServiceResource, endpoint
from api.schemas import answers, requests


class Random(ServiceResource):
    """A photo nobody chose."""

    @endpoint(
        name="random_photo",
        tag=Tag.PHOTOS,
        answered="The photo with its credit, and its result.",
        problems=(*PICTURE_PROBLEMS, "photo_source_unavailable"),
    )
    def get(self, context: RequestContext, options: requests.RandomQuery) -> answers.RandomAnswer:
        """Draw a random photo.

        From Flickr, Wikimedia Commons or a folder, with its credit; classified unless
        `classify=false`.
        """
        model = self.service.model(options.model)
        photo, data = self.service.random_photo(options.subject, model, context)
        result = None
        if options.classify:
            result = self.service.classify(data, model, options, context)
        return answers.RandomAnswer(photo=photo, result=result)
