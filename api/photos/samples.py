"""GET /api/v1/samples: a few photos of PHOTO_FOLDER, so that a visitor has something to try."""

from typing import Any

from flask import Response, request
from flask_restful import Resource
from werkzeug.exceptions import NotFound

from api.photos.folder import Folder
from common.errors import ImageError
from common.images import preview

COUNT = 6
SIDES = {"small": 200, "large": 640}


class Samples(Resource):  # type: ignore[misc]  # Flask-RESTful has no types
    """The list: empty where there is no folder."""

    def __init__(self, folder: Folder | None) -> None:
        self.folder = folder

    def get(self) -> dict[str, Any]:
        photos = self.folder.samples(COUNT) if self.folder else []
        return {
            "samples": [
                {"id": photo.id, "title": photo.title, "image": f"/api/v1/samples/{photo.id}"}
                for photo in photos
            ]
        }


class Sample(Resource):  # type: ignore[misc]
    """One photo as a JPEG without metadata, at most 640 pixels, or 200 with `size=small`."""

    def __init__(self, folder: Folder | None) -> None:
        self.folder = folder

    def get(self, key: str) -> Response:
        side = SIDES["small" if request.args.get("size") == "small" else "large"]
        if self.folder is None or key not in {photo.id for photo in self.folder.samples(COUNT)}:
            raise NotFound
        try:
            picture = preview(self.folder.load(key), side)
        except (ImageError, LookupError):
            raise NotFound from None
        headers = {"Cache-Control": "public, max-age=3600"}
        return Response(picture, content_type="image/jpeg", headers=headers)
