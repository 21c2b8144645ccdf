"""Types the answers."""

from typing import Literal

from pydantic import Field

from api.schemas import Score, Wire
from common.model.card import ModelDescription


class ScoredLabel(Wire):
    """One label with its probability."""

    label: str
    """One of the model's labels."""
    score: Score = Field(description="The scores of all labels sum to 1.")


class ModelRef(Wire):
    """Which model answered."""

    name: str
    """What `model=` is set to."""
    version: str
    """Grows with each training; `+int8` where the 8-bit file answered."""


class Look(Wire):
    """How a picture was looked at, where it said more to the model than as it came."""

    turned: Literal[0, 90, 180, 270] = Field(
        description="Degrees by which it was turned clockwise, so that it is upright."
    )
    region: tuple[Score, Score, Score, Score] | None = Field(
        description="The part that was looked at alone, such as the photo in a screenshot: left, "
        "top, width and height as shares of the picture; null: all of it."
    )


class Source(Wire):
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


class ImageFacts(Wire):
    """What the file said of itself; width and height are those of the upright picture."""

    format: str
    """`JPEG`, `PNG`, `WEBP`, `GIF`, `AVIF` or `HEIC`."""
    width: int
    """In pixels."""
    height: int
    """In pixels."""
    bytes: int
    """Size of the file."""


class Timing(Wire):
    """Where the time went, in milliseconds."""

    fetch: float
    """Of a link, or of a random photo; else 0."""
    decode: float
    """From the file to pixels."""
    inference: float
    """What the model took."""


class Result(Wire):
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
    look: Look | None = Field(
        None,
        description="Where the picture lay on its side or sat in a frame, as in a screenshot: how "
        "it was looked at instead. Maps are of the picture as it came.",
    )
    heatmaps: dict[str, list[list[Score]]] | None = Field(
        None,
        description="With `explain=true` and `several`: such a grid for each label that is "
        "present.",
    )
    preview: str | None = Field(
        None, description="With `preview=true`: the picture as a `data:` address."
    )


class ProblemDetails(Wire):
    """What went wrong (RFC 9457); `code` is what programs should look at."""

    type: str = Field(description="A URN that ends with the code.")
    title: str = Field(description="The code in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What was wrong with this request, and what to do.")
    code: str = Field(description="What programs go by; it never changes its meaning.")
    request_id: str | None = Field(
        None, description="What to quote to whoever runs the service; also in `X-Request-Id`."
    )


class BatchError(Wire):
    """What takes the place of a result in a batch."""

    error: ProblemDetails


class BatchAnswer(Wire):
    """A result or an error for each picture, in their order."""

    results: tuple[Result | BatchError, ...]
    """As many as were sent: the first is of the first picture."""


class PhotoCredit(Wire):
    """Whose photo it is, and where it lives."""

    source: Literal["flickr", "commons", "folder"]
    """Flickr, Wikimedia Commons, or a folder of the service's own."""
    id: str
    """At its source."""
    title: str
    """Plain text: a `<` in it is a character."""
    author: str | None
    """Whom to name when the photo is shown, as plain text; null: not known."""
    licence: str | None
    """Its short name, such as `CC BY 2.0`; null: see `page_url`."""
    licence_url: str | None
    """Its text, to link to."""
    page_url: str | None
    """The page to link to when the photo is shown; null for a photo of a folder."""
    image_url: str | None
    """The file itself; null for a photo of a folder."""
    subject: str
    """What was asked for: a label, `neither`; `any` for any photo of the folder."""


class RandomAnswer(Wire):
    """A photo nobody chose, and what a model says of it (null unless asked)."""

    photo: PhotoCredit
    result: Result | None
    """null with `classify=false`."""


class DogProbability(Wire):
    """The first version's answer."""

    prob: Score = Field(description="Score of `dog`, or of the last label where there is none.")
    url: str
    """The link as it was sent."""


class ModelEntry(ModelDescription):
    """A model's card, and whether it answers where no model is named."""

    default: bool
    """Whether it answers where no model is named."""


class ModelList(Wire):
    """Every model that is served."""

    models: tuple[ModelEntry, ...]
    """By name; one of them has `default`."""
    random: bool = Field(description="Whether there is a source of random photos.")
    feedback: bool = Field(description="Whether `/api/v1/feedback` takes what visitors say.")


class FeedbackAnswer(Wire):
    """What became of it."""

    kept: bool = Field(
        description="Whether a picture was sent and is kept; false, too, where there is no room."
    )


class SampleEntry(Wire):
    """A sample photo."""

    id: str
    """The last part of its path."""
    title: str
    """Its file's name, without the ending."""
    image: str = Field(description="Path of the photo.")


class SampleList(Wire):
    """A few photos to try; none where there is no folder of photos."""

    samples: tuple[SampleEntry, ...]
    """The same ones at every call."""
