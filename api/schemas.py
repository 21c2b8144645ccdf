"""What goes over the wire, typed: these models check requests and make up answers."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

from common.card import ModelDescription
from common.images import Region
from common.images.region import PATTERN

Score = Annotated[float, Field(ge=0, le=1)]


class _Wire(BaseModel):
    """Unknown members are refused by name: a typing error is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class UrlBody(_Wire):
    """A picture by its address."""

    url: str = Field(
        min_length=1,
        description="Public http(s) address of a picture, of a page that names one for previews "
        "(`og:image` and the like), or of a result of a picture search.",
    )


class ImageBody(_Wire):
    """A picture in the request itself, as text."""

    image: str = Field(
        min_length=1,
        description="The file in base64 (of either alphabet), or as a `data:` address.",
    )


class PictureBody(_Wire):
    """What is read where a `UrlBody` or an `ImageBody` is expected."""

    url: str | None = Field(None, min_length=1)
    image: str | None = Field(None, min_length=1)


class UrlsBody(_Wire):
    """Several pictures by their addresses."""

    urls: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        min_length=1, max_length=32, description="Public http(s) addresses, each as for `classify`."
    )


class NoQuery(_Wire):
    """No parameters at all."""


class ResultQuery(_Wire):
    """How to answer."""

    model: str | None = Field(
        None,
        description="Which model answers: a name from `/api/v1/models`. The default one if left "
        "out.",
        examples=["cat_dog"],
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
        "in shares of 1 from its left upper corner. `heatmap` and `preview` are of this part.",
        examples=["0.25,0.1,0.5,0.5"],
    )


class RandomQuery(ResultQuery):
    """Which photo, and how to answer."""

    subject: str = Field(
        "any",
        min_length=1,
        max_length=64,
        description="What is to be on the photo: a label of the model, or `any`.",
    )
    classify: bool = Field(True, description="Whether the photo is classified, too.")


class ScoredLabel(_Wire):
    """One label with its probability."""

    label: str
    score: Score


class ModelRef(_Wire):
    """Which model answered."""

    name: str
    version: str


class Source(_Wire):
    """Where a picture was fetched."""

    url: str = Field(
        description="The address of the picture itself, after redirects.",
        examples=["https://example.org/photo.jpg"],
    )
    page: str | None = Field(
        description="The web page, or the result of a picture search, that named the picture; null "
        "where the link led to the picture.",
        examples=["https://example.org/a-page-about-cats"],
    )


class ImageFacts(_Wire):
    """What the file said of itself; width and height are those of the upright picture."""

    format: str
    width: int
    height: int
    bytes: int


class Timing(_Wire):
    """Where the time went, in milliseconds."""

    fetch: float
    decode: float
    inference: float


class Result(_Wire):
    """What a model says of one picture."""

    verdict: str = Field(
        description="A label; `neither` when none of the labels is in the picture, `several` when "
        "more than one is."
    )
    present: tuple[str, ...] = Field(
        description="The labels that are in the picture, strongest first; empty for `neither`."
    )
    predictions: tuple[ScoredLabel, ...] = Field(description="By score, the largest first.")
    familiarity: Score | None = Field(
        description="How much the picture resembles what the model was trained on, from 0 to 1; "
        "null for a model that does not measure it and never says `neither`."
    )
    model: ModelRef
    image: ImageFacts
    timing_ms: Timing
    heatmap: list[list[Score]] | None = Field(
        None,
        description="With `explain=true`: where the top label was seen, rows of a small grid over "
        "the whole picture, from 0 to 1.",
    )
    source: Source | None = Field(None, description="For links: where the picture was found.")
    heatmaps: dict[str, list[list[Score]]] | None = Field(
        None,
        description="With `explain=true` and `several`: such a grid for each label that is "
        "present.",
    )
    preview: str | None = Field(
        None, description="With `preview=true`: the picture as a `data:` address."
    )


class ProblemDetails(_Wire):
    """What went wrong (RFC 9457); `code` is what programs should look at."""

    type: str = Field(description="A URN that ends with the code.")
    title: str = Field(description="The code in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What was wrong with this request, and what to do.")
    code: str = Field(description="What programs go by; it never changes its meaning.")
    request_id: str | None = Field(
        None, description="What to quote to whoever runs the service; also in `X-Request-Id`."
    )


class BatchError(_Wire):
    """What takes the place of a result in a batch."""

    error: ProblemDetails


class BatchAnswer(_Wire):
    """A result or an error for each picture, in their order."""

    results: tuple[Result | BatchError, ...]


class PhotoCredit(_Wire):
    """Whose photo it is, and where it lives."""

    source: Literal["flickr", "commons", "folder"]
    id: str
    title: str
    author: str | None
    licence: str | None
    licence_url: str | None
    page_url: str | None
    image_url: str | None
    subject: str


class RandomAnswer(_Wire):
    """A photo nobody chose, and what a model says of it (null unless asked)."""

    photo: PhotoCredit
    result: Result | None


class DogProbability(_Wire):
    """The first version's answer."""

    prob: Score = Field(description="Score of `dog`, or of the last label where there is none.")
    url: str


class ModelEntry(ModelDescription):
    """A model's card, and whether it answers where no model is named."""

    default: bool


class ModelList(_Wire):
    """Every model that is served."""

    models: tuple[ModelEntry, ...]
    random: bool = Field(description="Whether there is a source of random photos.")
    feedback: bool = Field(description="Whether `/api/v1/feedback` takes what visitors say.")


class FeedbackQuery(_Wire):
    """Which model's answer it is about."""

    model: str | None = Field(
        None,
        description="The model that answered; the default one if left out.",
        examples=["cat_dog"],
    )


class FeedbackAnswer(_Wire):
    """What became of it."""

    kept: bool = Field(
        description="Whether a picture was sent and is kept; false, too, where there is no room."
    )


class SampleQuery(_Wire):
    """How large."""

    size: Literal["small", "large"] = Field("large", description="200 or 640 pixels at most.")


class SampleEntry(_Wire):
    """A sample photo."""

    id: str
    title: str
    image: str = Field(description="Path of the photo.")


class SampleList(_Wire):
    """A few photos to try; none where there is no folder of photos."""

    samples: tuple[SampleEntry, ...]
