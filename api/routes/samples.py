"""GET /api/v1/samples: a few photos of PHOTO_FOLDER, so that a visitor has something to try."""

from flask import Response
from flask_restful import Resource

from api.errors import Problem
from api.openapi import Tag
from api.photos.folder import Folder
from api.routes.endpoint import endpoint
from api.schemas import answers, requests
from common.errors import ImageError
from common.images import preview

COUNT = 6
SIDES = {"small": 200, "large": 640}
JPEG = {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}


class _FolderResource(Resource):  # type: ignore[misc]  # Flask-RESTful has no types
    init_every_request = False

    def __init__(self, folder: Folder | None) -> None:
        self.folder = folder


class Samples(_FolderResource):
    """The list: empty where there is no folder."""

    @endpoint(
        name="list_samples",
        tag=Tag.PHOTOS,
        answered="A few photos; none where the service has no folder of photos.",
        counted=False,
    )
    def get(self, options: requests.NoQuery) -> answers.SampleList:
        """List sample photos.

        A few photos of PHOTO_FOLDER, for visitors to try.
        """
        photos = self.folder.samples(COUNT) if self.folder else []
        entries = (
            answers.SampleEntry(id=photo.id, title=photo.title, image=f"/api/v1/samples/{photo.id}")
            for photo in photos
        )
        return answers.SampleList(samples=tuple(entries))


class Sample(_FolderResource):
    """One photo as a JPEG without metadata, at most 640 pixels, or 200 with `size=small`."""

    @endpoint(
        name="get_sample",
        tag=Tag.PHOTOS,
        answered="The photo.",
        path={"key": ("Id of the photo, from `/api/v1/samples`.", "6a0f4c2b9d1e8f70")},
        answer=JPEG,
        problems=("not_found",),
        counted=False,
    )
    def get(self, key: str, options: requests.SampleQuery) -> Response:
        """Show a sample photo.

        As a JPEG without metadata.
        """
        missing = Problem("not_found", "There is no such photo.")
        if self.folder is None or key not in {photo.id for photo in self.folder.samples(COUNT)}:
            raise missing
        try:
            picture = preview(self.folder.load(key), SIDES[options.size])
        except (ImageError, LookupError):
            raise missing from None
        headers = {"Cache-Control": "public, max-age=3600"}
        return Response(picture, content_type="image/jpeg", headers=headers)
