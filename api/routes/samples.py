"""GET /api/v1/samples: a few photos of PHOTO_FOLDER, so that a visitor has something to try."""

from flask import Response
from flask_restful import Resource

from api.errors import Problem
from api.openapi import Tag, documented
from api.parsing import body
from api.photos.folder import Folder
from api.routes.resource import answer
from api.schemas import answers, requests
from common.errors import ImageError
from common.images import preview

COUNT = 6
SIDES = {"small": 200, "large": 640}


JPEG = {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}


class Samples(Resource):  # type: ignore[misc]  # Flask-RESTful has no types
    """The list: empty where there is no folder."""

    def __init__(self, folder: Folder | None) -> None:
        self.folder = folder

    @documented(
        name="list_samples",
        tag=Tag.PHOTOS,
        answered="A few photos; none where the service has no folder of photos.",
        query=requests.NoQuery,
        answer=answers.SampleList,
        counted=False,
    )
    def get(self) -> Response:
        """List sample photos.

        A few photos of PHOTO_FOLDER, for visitors to try.
        """
        body.query(requests.NoQuery)
        photos = self.folder.samples(COUNT) if self.folder else []
        entries = (
            answers.SampleEntry(id=photo.id, title=photo.title, image=f"/api/v1/samples/{photo.id}")
            for photo in photos
        )
        return answer(answers.SampleList(samples=tuple(entries)))


class Sample(Resource):  # type: ignore[misc]
    """One photo as a JPEG without metadata, at most 640 pixels, or 200 with `size=small`."""

    def __init__(self, folder: Folder | None) -> None:
        self.folder = folder

    @documented(
        name="get_sample",
        tag=Tag.PHOTOS,
        answered="The photo.",
        query=requests.SampleQuery,
        path={"key": ("Id of the photo, from `/api/v1/samples`.", "6a0f4c2b9d1e8f70")},
        answer=JPEG,
        problems=("not_found",),
        counted=False,
    )
    def get(self, key: str) -> Response:
        """Show a sample photo.

        As a JPEG without metadata.
        """
        missing = Problem("not_found", "There is no such photo.")
        side = SIDES[body.query(requests.SampleQuery).size]
        if self.folder is None or key not in {photo.id for photo in self.folder.samples(COUNT)}:
            raise missing
        try:
            picture = preview(self.folder.load(key), side)
        except (ImageError, LookupError):
            raise missing from None
        headers = {"Cache-Control": "public, max-age=3600"}
        return Response(picture, content_type="image/jpeg", headers=headers)
