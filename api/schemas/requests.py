"""Types the bodies and query parameters of requests."""

from typing import Annotated, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from api.schemas import Score, Wire
from common.images import Region
from common.images.region import PATTERN


class UrlBody(Wire):
    """A picture by its address."""

    url: str = Field(
        min_length=1,
        description="Public http(s) address of a picture, of a page that names one for previews "
        "(`og:image` and the like), or of a result of a picture search.",
    )


class ImageBody(Wire):
    """A picture in the request itself, as text."""

    image: str = Field(
        min_length=1,
        description="The file in base64 (of either alphabet), or as a `data:` address.",
    )


class PictureBody(Wire):
    """What is read where a `UrlBody` or an `ImageBody` is expected."""

    url: str | None = Field(None, min_length=1)
    image: str | None = Field(None, min_length=1)


class UrlsBody(Wire):
    """Several pictures by their addresses."""

    urls: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        min_length=1, max_length=32, description="Public http(s) addresses, each as for `classify`."
    )


class NoQuery(Wire):
    """No parameters at all."""


class ResultQuery(Wire):
    """How to answer."""

    model: str | None = Field(
        None,
        description="Which model answers: a name from `/api/v1/models`. The default one if left "
        "out.",
    )
    explain: bool = Field(
        False,
        description="Adds `heatmap`: where the top label was seen; and `heatmaps` for `several`.",
    )
    preview: bool = Field(
        False,
        description="Adds `preview`: the picture as it was seen, at most 640 pixels, without "
        "metadata.",
    )
    top: int | None = Field(None, ge=1, le=1000, description="Only so many labels, the best ones.")
    min_score: Score = Field(0.0, description="Only labels with at least this score.")


PartOfPicture = Annotated[
    Region,
    PlainValidator(Region.parse),
    WithJsonSchema({"type": "string", "pattern": PATTERN}),
]


class ClassifyQuery(ResultQuery):
    """Which part of the picture, and how to answer."""

    region: PartOfPicture | None = Field(
        None,
        description="Only this part of the picture: x,y,w,h of a rectangle on the upright picture, "
        "in shares of 1 from its left upper corner, such as `0.25,0.1,0.5,0.5`. `heatmap` and "
        "`preview` are of this part.",
    )


class RandomQuery(ResultQuery):
    """Which photo, and how to answer."""

    subject: str = Field(
        "any",
        min_length=1,
        max_length=64,
        description="What is to be on the photo: a label of the model, `neither` (something that "
        "no label names), or `any`.",
    )
    classify: bool = Field(True, description="Whether the photo is classified, too.")


class SampleQuery(Wire):
    """How large."""

    size: Literal["small", "large"] = Field("large", description="200 or 640 pixels at most.")


class FeedbackQuery(Wire):
    """Which model's answer it is about."""

    model: str | None = Field(
        None,
        description="The model that answered; the default one if left out.",
    )
