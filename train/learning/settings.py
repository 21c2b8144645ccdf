"""What a recipe can be told, from the command line and from Python alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import TypeAdapter, ValidationError

from common.atomic import can_be_made
from common.errors import DataError
from common.model.card import ModelCard

CACHE = Path(".cache/features")
_PLACES = {"data", "out", "version", "resume", "overwrite", "cache", "tensorboard"}
"""These say where things are, not how the model came to be."""
_FILES = {".h5", ".hdf5", ".keras", ".onnx", ".pb", ".tflite"}
"""Endings of files with a model; whoever gives one to a folder expects a file."""


@dataclass(kw_only=True)
class Settings:
    """Of every recipe. `python -m train RECIPE --help` explains each in a sentence.

    A recipe's own class of settings has its own defaults. Ranges are those of the command line.
    """

    recipe: ClassVar[str]
    """Its command."""

    data: Path
    """Holds train/<class>/ and validation/<class>/."""
    out: Path
    """The model folder to write; its name is the model's."""
    labels: Sequence[str] | None = None
    """What to call the classes, in the order of the sorted folders; None: as the folders."""
    extra: Sequence[Path] = ()
    """More class folders to learn from."""
    held: Sequence[tuple[Path, float]] = ()
    """Class folders on which choices are made, and which share of each, above 0, at most 1."""
    version: str = "1"
    overwrite: bool = False
    resume: bool = False
    seed: int = 0
    """0 to 2**32 - 1."""
    held_share: float = 0.1
    """Of the training photos, on which choices are made where `held` names none; 0..1."""
    class_weights: Literal["auto", "none"] = "auto"
    size: int | None = None
    """Side of the square that photos are stretched to, in pixels; None: the backbone's."""
    epochs: int
    """At most."""
    batch: int = 32
    learning_rate: float
    patience: int
    """Epochs without a lower validation loss before training stops."""
    dropout: float
    """0..1, in the head."""
    no_photos: bool = False
    """Leaves photos out of the report."""
    tensorboard: Path | None = None
    callbacks: Callable[[], Sequence[Any]] | None = None
    """Makes more Keras callbacks, once for each call of fit."""

    def recorded(self) -> dict[str, Any]:
        """Every choice that decides what comes out, as JSON has it: the model card keeps them."""
        names = sorted({field.name for field in fields(self)} - _PLACES)
        return {name: _plain(getattr(self, name)) for name in names}


@dataclass(kw_only=True)
class BackboneSettings(Settings):
    """Of recipes with a pretrained network."""

    backbone: str
    """EfficientNetLite0 to 2, or one of keras.applications."""
    weights: str = "imagenet"
    """`imagenet`, `none` or a file."""
    imagenet_head: str | None = None
    """`imagenet`, `none` or a file; None: what fits the weights."""
    familiar: Sequence[int] | None = None
    """The ImageNet classes that are those of the labels; None: learned."""
    cache: Path = CACHE
    """Where features are kept."""


def check_out(out: Path, version: str, *, overwrite: bool) -> None:
    """Refuse what writing the model folder would refuse after the training.

    Raises:
        DataError: the folder's name cannot be a model's, or ends like a file's; its parent cannot
            be written; the version is too long; or the folder is there and is not to be replaced.
    """
    refuse_file_name(out)
    for key, value, rule in (
        ("name", out.name, "up to 64 letters, digits, dots, dashes and underscores"),
        ("version", version, "1 to 64 characters"),
    ):
        try:
            TypeAdapter(ModelCard.model_fields[key].rebuild_annotation()).validate_python(value)
        except ValidationError as error:
            raise DataError(f"{value!r} cannot be the {key} of a model: {rule}.") from error
    if not can_be_made(out):
        raise DataError(f"{out} cannot be written: what is above it is no folder to write to.")
    refuse_to_replace(out, overwrite=overwrite)


def refuse_file_name(out: Path) -> None:
    """Refuse to call a folder what only a file is called.

    Raises:
        DataError: it ends like a file with a model.
    """
    if out.suffix.lower() in _FILES:
        raise DataError(
            f"--out names a folder, which gets all files of the model: {out.stem} in place of"
            f" {out.name}."
        )


def refuse_to_replace(out: Path, *, overwrite: bool) -> None:
    """Refuse a folder that is there, unless it was said that it may be replaced.

    Raises:
        DataError: it is there.
    """
    if out.exists() and not overwrite:
        raise DataError(f"{out} is there already; --overwrite replaces it.")


def _plain(value: Any) -> Any:
    """Paths shorten to their name: a card travels, folders do not."""
    if isinstance(value, Path):
        return value.name
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, str) and "/" in value:
        return Path(value).name
    if callable(value):
        return f"{value.__module__}:{getattr(value, '__qualname__', type(value).__name__)}"
    return value
