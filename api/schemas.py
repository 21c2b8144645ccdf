"""What goes over the wire, typed: these models check requests and make up answers."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from common.card import ModelDescription

Score = Annotated[float, Field(ge=0, le=1)]


class _Wire(BaseModel):
    """Unknown members are refused by name: a typing error is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class UrlBody(_Wire):
    """A picture by its address."""

    url: str = Field(min_length=1, description="Public http(s) address of a picture.")


class ResultQuery(_Wire):
    """How to answer."""

    model: str | None = Field(None, description="Name of the model; the default one if left out.")
    explain: bool = Field(False, description="Also return where the top label was seen.")
    preview: bool = Field(False, description="Also return the picture, small and without metadata.")


class RandomQuery(ResultQuery):
    """Which photo, and how to answer."""

    subject: str = Field("any", min_length=1, max_length=64, description="`any` or a label.")
    classify: bool = Field(True, description="Classify the photo, too.")


class ScoredLabel(_Wire):
    """One label with its probability."""

    label: str
    score: Score


class ModelRef(_Wire):
    """Which model answered."""

    name: str
    version: str


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

    verdict: str = Field(description="A label, or `neither`.")
    predictions: tuple[ScoredLabel, ...] = Field(description="By score, the largest first.")
    familiarity: Score | None = Field(description="How much the picture resembles the training.")
    model: ModelRef
    image: ImageFacts
    timing_ms: Timing
    heatmap: list[list[Score]] | None = Field(
        None, description="Where the top label was seen, a grid over the whole picture."
    )
    preview: str | None = Field(None, description="The picture as a `data:` address.")


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


class ModelEntry(ModelDescription):
    """A model's card, and whether it answers where no model is named."""

    default: bool


class ModelList(_Wire):
    """Every model that is served."""

    models: tuple[ModelEntry, ...]
