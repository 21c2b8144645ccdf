"""What goes over the wire, typed: these models check requests and make up answers."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from common.card import ModelDescription


def _example(*values: dict[str, Any]) -> ConfigDict:
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": list(values)})


Score = Annotated[float, Field(ge=0, le=1)]


class _Wire(BaseModel):
    """Unknown members are refused by name: a typing error is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_RESULT = {
    "verdict": "dog",
    "present": ["dog"],
    "predictions": [{"label": "dog", "score": 0.9987}, {"label": "cat", "score": 0.0013}],
    "familiarity": 0.94,
    "model": {"name": "cat_dog", "version": "1"},
    "image": {"format": "JPEG", "width": 640, "height": 480, "bytes": 53211},
    "timing_ms": {"fetch": 0.0, "decode": 2.1, "inference": 3.0},
}
_PROBLEM = {
    "type": "urn:dogorcat:problem:image_unreadable",
    "title": "The picture cannot be read",
    "status": 422,
    "detail": "The picture is damaged and cannot be read.",
    "code": "image_unreadable",
    "request_id": "5f3b1c07a9e24d68",
}
_PHOTO = {
    "source": "flickr",
    "id": "49514824541",
    "title": "A cat on a wall",
    "author": "Marine Explorer",
    "licence": "CC BY 2.0",
    "licence_url": "https://creativecommons.org/licenses/by/2.0/",
    "page_url": "https://www.flickr.com/photos/71925535@N03/49514824541",
    "image_url": "https://live.staticflickr.com/65535/49514824541_35d1b4f8db_c.jpg",
    "subject": "cat",
}


_MODEL = {
    "name": "cat_dog",
    "version": "1",
    "created": "2026-01-31T12:00:00Z",
    "labels": ["cat", "dog"],
    "description": "Cats and dogs.",
    "input": {"name": "pictures", "height": 224, "width": 224, "fit": "stretch"},
    "outputs": {"scores": "scores", "familiarity": "familiarity", "maps": "maps"},
    "recipe": "fine-tune",
    "settings": {"backbone": "MobileNetV2", "epochs": 3},
    "data": {"counts": {"cat": 1024, "dog": 1024}, "sha256": "0" * 64},
    "metrics": [
        {
            "name": "accuracy",
            "value": 0.99,
            "data": "DATA/validation, 832 photos",
            "command": "python -m train evaluate models/cat_dog DATA/validation",
        }
    ],
    "temperature": 1.0,
    "neither_threshold": 0.5,
    "search_words": {},
    "pretrained": {"name": "MobileNetV2, ImageNet", "licence": "Apache-2.0", "source": "Keras"},
    "files": {"model.onnx": {"sha256": "0" * 64, "tolerance": 0.001}},
    "default": True,
}


class UrlBody(_Wire):
    """A picture by its address."""

    model_config = _example({"url": "https://example.org/photo.jpg"})

    url: str = Field(min_length=1, description="Public http(s) address of a picture.")


class UrlsBody(_Wire):
    """Several pictures by their addresses."""

    model_config = _example(
        {"urls": ["https://example.org/cat.jpg", "https://example.org/dog.jpg"]}
    )

    urls: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        min_length=1, max_length=32, description="Public http(s) addresses of pictures."
    )


class NoQuery(_Wire):
    """No parameters at all."""


class ResultQuery(_Wire):
    """How to answer."""

    model: str | None = Field(None, description="Name of the model; the default one if left out.")
    explain: bool = Field(False, description="Also return where the top label was seen.")
    preview: bool = Field(False, description="Also return the picture, small and without metadata.")
    top: int | None = Field(None, ge=1, le=1000, description="Only so many labels, the best ones.")
    min_score: Score = Field(0.0, description="Only labels with at least this score.")


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

    model_config = _example(_RESULT)

    verdict: str = Field(
        description="A label; `neither` when none of the labels is in the picture, `several` when "
        "more than one is."
    )
    present: tuple[str, ...] = Field(
        description="The labels that are in the picture, strongest first; empty for `neither`."
    )
    predictions: tuple[ScoredLabel, ...] = Field(description="By score, the largest first.")
    familiarity: Score | None = Field(description="How much the picture resembles the training.")
    model: ModelRef
    image: ImageFacts
    timing_ms: Timing
    heatmap: list[list[Score]] | None = Field(
        None, description="Where the top label was seen, a grid over the whole picture."
    )
    heatmaps: dict[str, list[list[Score]]] | None = Field(
        None, description="For `several`: such a grid for each label that is present."
    )
    preview: str | None = Field(None, description="The picture as a `data:` address.")


class ProblemDetails(_Wire):
    """What went wrong (RFC 9457); `code` is what programs should look at."""

    model_config = _example(_PROBLEM)

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None = Field(
        None, description="What to quote to whoever runs the service; also in `X-Request-Id`."
    )


class BatchError(_Wire):
    """What takes the place of a result in a batch."""

    error: ProblemDetails


class BatchAnswer(_Wire):
    """A result or an error for each picture, in their order."""

    model_config = _example({"results": [_RESULT, {"error": _PROBLEM}]})

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

    model_config = _example({"photo": _PHOTO, "result": _RESULT}, {"photo": _PHOTO, "result": None})

    photo: PhotoCredit
    result: Result | None


class DogProbability(_Wire):
    """The first version's answer."""

    model_config = _example({"prob": 0.9987, "url": "https://example.org/photo.jpg"})

    prob: Score = Field(description="Score of `dog`, or of the last label where there is none.")
    url: str


class ModelEntry(ModelDescription):
    """A model's card, and whether it answers where no model is named."""

    model_config = _example(_MODEL)

    default: bool


class ModelList(_Wire):
    """Every model that is served."""

    model_config = _example({"models": [_MODEL]})

    models: tuple[ModelEntry, ...]
