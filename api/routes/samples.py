"""GET /api/v1/samples: a few photos of PHOTO_FOLDER, so that a visitor has something to try."""

from typing import Any, Literal

from flask import Response
from flask_restful import Resource
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.exceptions import NotFound

from api import request_body
from api.openapi import documented
from api.photos.folder import Folder
from common.errors import ImageError
from common.images import preview

COUNT = 6
SIDES = {"small": 200, "large": 640}


LIST = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["samples"],
            "properties": {
                "samples": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["id", "title", "image"],
                        "properties": {
                            "id": {"type": "string"},
                            "title": {"type": "string"},
                            "image": {"type": "string"},
                        },
                    },
                }
            },
        }
    }
}
JPEG = {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}


class SampleQuery(BaseModel):
    """How large."""

    model_config = ConfigDict(extra="forbid")

    size: Literal["small", "large"] = Field("large", description="200 or 640 pixels at most.")


class Samples(Resource):  # type: ignore[misc]  # Flask-RESTful has no types
    """The list: empty where there is no folder."""

    def __init__(self, folder: Folder | None) -> None:
        self.folder = folder

    @documented(answer=LIST)
    def get(self) -> dict[str, Any]:
        """List sample photos.

        A few of PHOTO_FOLDER, for visitors to try; none where there is no folder.
        """
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

    @documented(query=SampleQuery, path={"key": "0"}, answer=JPEG, problems=("not_found",))
    def get(self, key: str) -> Response:
        """Show a sample photo.

        As a JPEG without metadata.
        """
        side = SIDES[request_body.query(SampleQuery).size]
        if self.folder is None or key not in {photo.id for photo in self.folder.samples(COUNT)}:
            raise NotFound
        try:
            picture = preview(self.folder.load(key), side)
        except (ImageError, LookupError):
            raise NotFound from None
        headers = {"Cache-Control": "public, max-age=3600"}
        return Response(picture, content_type="image/jpeg", headers=headers)
