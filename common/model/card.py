"""Reads and writes card.json, which describes a model folder."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from common.atomic import write_file
from common.errors import ModelError

CARD = "card.json"
ONNX = "model.onnx"
INT8 = "model.int8.onnx"
Precision = Literal["float32", "int8"]
FILES: dict[Precision, str] = {"float32": ONNX, "int8": INT8}

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Score = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    """Unknown fields are refused, so that a card of a later version is not misread."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class InputSpec(_Part):
    """What the graph takes: uint8 pictures of shape (batch, height, width, 3)."""

    name: str = "pictures"
    """Of the graph's input."""
    height: int = Field(gt=0, le=4096)
    """In pixels."""
    width: int = Field(gt=0, le=4096)
    """In pixels."""
    fit: Literal["stretch"] = "stretch"
    """How a picture becomes that large: as a whole, whatever its proportions."""


class OutputSpec(_Part):
    """Names of the graph's outputs; null for one that the model does not have."""

    scores: str = "scores"
    """(batch, labels) float32, probabilities that sum to 1."""
    familiarity: str | None = None
    """(batch,) float32, 0..1: how much the picture resembles what was trained on."""
    maps: str | None = None
    """(batch, rows, columns, labels) float32, any scale: evidence for each label by place."""
    presence: str | None = None
    """(batch, labels) float32, 0..1: how likely each label is in the picture, whatever else is."""
    turn: str | None = None
    """(batch, 4) float32, sum 1: how likely the picture lies 0 to 3 quarter turns to the left."""

    def all(self) -> tuple[str, ...]:
        """The names of all outputs that the model has."""
        names = (self.scores, self.familiarity, self.maps, self.presence, self.turn)
        return tuple(name for name in names if name)


class FileSpec(_Part):
    """One file of the folder."""

    sha256: Sha256
    """Of its bytes."""
    tolerance: float | None = Field(default=None, gt=0)
    """How far this file's outputs may be from the golden vectors, as a share of a vector's largest
    value if that is above 1; null for a file that is not run."""


class Metric(_Part):
    """A measured figure, and how to measure it again."""

    name: str
    """What was measured."""
    value: float
    """The figure, in the unit that the name says; shares are of 1."""
    data: str
    """What it was measured on, with the number of photos."""
    command: str
    """What measures it again, in a checkout of dogorcat."""


class DataFingerprint(_Part):
    """Which photos the model was trained on."""

    counts: dict[str, int]
    """label -> photos"""
    sha256: Sha256
    """Over the sorted names and contents of the photos."""


class Pretrained(_Part):
    """Where the weights come from that training started with."""

    name: str
    """The network, and the photos it was trained on."""
    licence: str
    """Of the weights: its SPDX identifier."""
    source: str
    """Where they were published, with what tells the file."""


class ModelDescription(_Part):
    """What a reader must know of a model."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
    """What `model=` is set to."""
    version: str = Field(min_length=1, max_length=64)
    """Grows with each training; `+int8` where the 8-bit file answers."""
    created: datetime
    """When the folder was written."""
    labels: tuple[str, ...] = Field(min_length=2)
    """In the order of the scores."""
    description: str = ""
    """In the words of whoever trained it."""
    input: InputSpec
    outputs: OutputSpec = OutputSpec()
    recipe: str
    """How it was trained: the name of a recipe of `python -m train`."""
    settings: dict[str, Any] = {}
    """Of that recipe."""
    data: DataFingerprint
    metrics: tuple[Metric, ...] = ()
    """What it reaches, as measured after training."""
    temperature: float = Field(default=1.0, gt=0)
    """What the logits are divided by, inside the graph."""
    neither_threshold: Score | None = None
    """Below this familiarity the verdict is `neither`; null where the model has no familiarity."""
    present_threshold: Score | None = None
    """From this presence on a label is in the picture; null where the model has no presence."""
    turn_threshold: Score | None = None
    """From this likelihood on a turned picture is looked at upright, too."""
    search_words: dict[str, str] = {}
    """label -> what to search a photo source for; a label that is missing stands for itself."""
    pretrained: Pretrained | None = None
    files: dict[str, FileSpec]
    """name -> checksum; the service refuses a file that differs."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len({*self.labels, "neither", "several"}) != len(self.labels) + 2:
            raise ValueError("labels must differ from each other, from 'neither' and 'several'")
        if (self.neither_threshold is None) != (self.outputs.familiarity is None):
            raise ValueError("neither_threshold goes with the output familiarity")
        if (self.present_threshold is None) != (self.outputs.presence is None):
            raise ValueError("present_threshold goes with the output presence")
        if (self.turn_threshold is None) != (self.outputs.turn is None):
            raise ValueError("turn_threshold goes with the output turn")
        if ONNX not in self.files or self.files[ONNX].tolerance is None:
            raise ValueError(f"files must name {ONNX} with its tolerance")
        return self


class Int8(_Part):
    """The thresholds, metrics and golden vectors of the same network in 8 bits, a second file."""

    temperature: float = Field(gt=0)
    neither_threshold: Score | None = None
    present_threshold: Score | None = None
    turn_threshold: Score | None = None
    metrics: tuple[Metric, ...] = ()
    golden: dict[str, dict[str, Any]] = {}
    weight_bits: Literal[7, 8] = 8
    """Bits that weights use: with 7 no sum of two products overflows 16 bits, so that CPUs without
    VNNI, which add in 16, compute what the others do."""


class ModelCard(ModelDescription):
    """The description, and what a program needs to verify the folder."""

    golden: dict[str, dict[str, Any]] = {}
    """golden picture (`common.model.golden`) -> output name -> its values."""
    int8: Int8 | None = None

    @model_validator(mode="after")
    def _files_described(self) -> Self:
        if (self.int8 is None) != (INT8 not in self.files):
            raise ValueError(f"int8 goes with the file {INT8}")
        return self

    def with_int8(self, int8: Int8) -> Self:
        """The same card with another description of its 8-bit file."""
        return self.model_copy(update={"int8": int8})

    def for_precision(self, precision: Precision) -> Self:
        """The card of the file in that precision, with the version, thresholds, metrics and golden
        vectors of that file."""
        if precision == "float32" or self.int8 is None:
            return self
        own = {name: value for name, value in self.int8 if name != "weight_bits"}
        return self.model_copy(update=own | {"version": f"{self.version}+int8", "int8": None})


def read_card(folder: Path) -> ModelCard:
    """Read and check `folder`/card.json.

    Raises:
        ModelError: no card, not JSON, a wrong or unknown field; the message names folder and field.
    """
    path = folder / CARD
    try:
        return ModelCard.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ModelError(
            f"Model folder {folder}: {CARD} cannot be read ({error.strerror})."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ModelError(
            f"Model folder {folder}: {CARD} is wrong at {where}: {first['msg']}."
        ) from error


def write_card(card: ModelCard, folder: Path) -> None:
    """Write `folder`/card.json, indented so that a person can read it and git can diff it."""
    write_file(folder / CARD, card.model_dump_json(indent=2) + "\n")


def model_folders(model_dir: Path) -> list[Path]:
    """The model folders in `model_dir`, sorted by name, without those that are being written.

    Raises:
        ModelError: there are none.
    """
    folders = sorted(p.parent for p in model_dir.glob(f"*/{CARD}") if p.parent.name[0] != ".")
    if not folders:
        raise ModelError(f"MODEL_DIR={model_dir}: there is no model folder in it.")
    return folders


def check_file(card: ModelCard, folder: Path, name: str) -> Path:
    """The path of one of the folder's files, after comparing it with the card.

    Raises:
        ModelError: the file is missing, or is not the one the card describes.
    """
    path = folder / name
    if not path.is_file():
        raise ModelError(f"Model folder {folder}: {name} is missing.")
    if sha256_of(path) != card.files[name].sha256:
        raise ModelError(
            f"Model folder {folder}: {name} is not the file of the card: its SHA-256 differs."
        )
    return path


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
