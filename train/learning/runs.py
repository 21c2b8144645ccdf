"""A training run on disk: what was asked for, and a checkpoint after each epoch to resume from."""

import argparse
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np
from pydantic import TypeAdapter, ValidationError

from common.errors import DataError
from common.model.card import ModelCard
from common.model.prediction import NEITHER
from train.photos.balance import class_weights
from train.photos.dataset import MIN_PHOTOS, Photos, concat, scan, subset

TRAINED = "model.keras"
RUN = "run.json"

# These say where things are, not how the model came to be.
_PLACES = {"command", "data", "out", "version", "resume", "overwrite", "cache", "tensorboard"}


@dataclass
class State:
    """Where training stands after an epoch."""

    epoch: int = 0
    """Full epochs so far."""
    history: list[dict[str, float]] = field(default_factory=list)
    """One entry for each epoch: loss, accuracy, val_loss, val_accuracy …"""
    best: float = float("inf")
    """Lowest validation loss so far."""
    wait: int = 0
    """Epochs since."""


@dataclass
class Run:
    """One call of a recipe. Its folder lies hidden beside the model folder it will become."""

    recipe: str
    settings: dict[str, Any]
    """Every choice that decides what comes out; the model card keeps them."""
    labels: tuple[str, ...]
    data: Path
    extra: tuple[Path, ...]
    held_folders: tuple[tuple[Path, float], ...]
    """Class folders on which choices are made, and which share of each."""
    out: Path
    version: str
    overwrite: bool
    photos: bool
    """Whether the report may show photos."""
    resume: bool = False
    tensorboard: Path | None = None
    train: Photos = field(init=False)
    validation: Photos = field(init=False)
    """Choices are made on these, and nothing is learned from them."""
    test: Photos = field(init=False)
    """DATA/validation: reported on, touched by no choice."""

    @classmethod
    def begin(cls, args: argparse.Namespace) -> Self:
        """Check everything that can be wrong before the long part starts, and read the photos.

        Raises:
            DataError: see its message.
        """
        check_name(args.out, args.version)
        if args.out.exists() and not args.overwrite:
            raise DataError(f"{args.out} is there already; --overwrite replaces it.")
        settings = {
            key: _plain(value) for key, value in sorted(vars(args).items()) if key not in _PLACES
        }
        run = cls(
            recipe=args.command,
            settings=settings,
            labels=tuple(args.labels or ()),
            data=args.data,
            extra=tuple(args.extra),
            held_folders=tuple(args.held),
            out=args.out,
            version=args.version,
            overwrite=args.overwrite,
            photos=not args.no_photos,
            resume=args.resume,
            tensorboard=args.tensorboard,
        )
        run.read_photos()
        run._open_folder()
        return run

    @property
    def folder(self) -> Path:
        """Where checkpoints lie until the model folder is written."""
        return self.out.parent / f".{self.out.name}.run"

    @property
    def class_weights(self) -> dict[int, float] | None:
        """What a photo of each class counts for while learning; None: all the same."""
        if self.settings["class_weights"] == "none":
            return None
        return class_weights(list(self.train.counts.values()))

    @property
    def seed(self) -> int:
        return int(self.settings["seed"])

    def read_photos(self) -> None:
        """Scan the class folders and take the validation share out of the training photos."""
        every = scan(self.data / "train", *self.extra, least=MIN_PHOTOS)
        self.test = scan(self.data / "validation")
        if self.test.classes != every.classes:
            raise DataError(
                f"{self.data}/train has the classes {', '.join(every.classes)},"
                f" {self.data}/validation has {', '.join(self.test.classes)}."
            )
        self.labels = self.labels or every.classes
        if len(self.labels) != len(every.classes):
            raise DataError(
                f"{len(every.classes)} labels are needed, for {', '.join(every.classes)};"
                f" --labels names {len(self.labels)}."
            )
        if len(set(self.labels)) != len(self.labels) or NEITHER in self.labels:
            raise DataError(f"Labels must differ from each other and from {NEITHER!r}.")
        self.settings["classes"] = list(every.classes)
        if self.held_folders:
            parts = [subset(scan(folder), share) for folder, share in self.held_folders]
            self.validation = concat(parts)
            self.train = every.without(self.validation)
        else:
            self.train, self.validation = every.split(self.settings["held_share"])

    def _open_folder(self) -> None:
        """Make the run's folder, or with --resume check that it belongs to the same run."""
        asked = {
            "recipe": self.recipe,
            "settings": self.settings,
            "labels": list(self.labels),
            "photos": self.train.fingerprint(self.labels).sha256,
        }
        file = self.folder / RUN
        if self.resume:
            if not file.is_file():
                raise DataError(f"There is no interrupted run of {self.out} to resume.")
            then = json.loads(file.read_text(encoding="utf-8"))
            asked = json.loads(json.dumps(asked))
            differences = list(_differences(then, asked))
            if differences:
                raise DataError(
                    f"The interrupted run of {self.out} had {', '.join(differences)}: resume with"
                    " the same command, or start again without --resume."
                )
            file.write_text(json.dumps(then | asked, indent=2) + "\n", encoding="utf-8")
            return
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True)
        paths = {
            "data": str(self.data),
            "extra": [str(path) for path in self.extra],
            "version": self.version,
            "show_photos": self.photos,
        }
        file.write_text(json.dumps(asked | paths, indent=2) + "\n", encoding="utf-8")

    def save(self, model: keras.Model, stage: str, state: State, best: list[np.ndarray]) -> None:
        """Write the checkpoint: weights, optimiser, best weights and state in one file.

        Written beside and renamed, so that a killed run leaves the checkpoint before.
        """
        arrays = {f"weight_{i}": value for i, value in enumerate(model.get_weights())}
        arrays |= {
            f"optimizer_{i}": variable.numpy()
            for i, variable in enumerate(model.optimizer.variables)
        }
        arrays |= {f"best_{i}": value for i, value in enumerate(best)}
        arrays["state"] = np.array(json.dumps(vars(state)))
        half = self.folder / f"{stage}.{os.getpid()}.tmp"
        try:
            with half.open("wb") as file:
                np.savez(file, **arrays)
            half.replace(self.folder / f"{stage}.npz")
        finally:
            half.unlink(missing_ok=True)

    def restore(self, model: keras.Model, stage: str) -> tuple[State, list[np.ndarray]]:
        """Put a compiled model back where the checkpoint left it.

        Returns:
            the state and the best weights so far; a fresh start if there is no checkpoint.
        """
        model.optimizer.build(model.trainable_variables)
        file = self.folder / f"{stage}.npz"
        if not file.is_file():
            return State(), model.get_weights()
        with np.load(file) as arrays:
            weights = len(model.get_weights())
            model.set_weights([arrays[f"weight_{i}"] for i in range(weights)])
            for i, variable in enumerate(model.optimizer.variables):
                variable.assign(arrays[f"optimizer_{i}"])
            state = State(**json.loads(str(arrays["state"])))
            return state, [arrays[f"best_{i}"] for i in range(weights)]


def check_name(out: Path, version: str) -> None:
    """Refuse what the model card would refuse after the training.

    Raises:
        DataError: the folder's name cannot be a model's, its parent cannot be written, or the
            version is too long.
    """
    for key, value, rule in (
        ("name", out.name, "up to 64 letters, digits, dots, dashes and underscores"),
        ("version", version, "1 to 64 characters"),
    ):
        try:
            TypeAdapter(ModelCard.model_fields[key].rebuild_annotation()).validate_python(value)
        except ValidationError as error:
            raise DataError(f"{value!r} cannot be the {key} of a model: {rule}.") from error
    parent = next(folder for folder in out.absolute().parents if folder.exists())
    if not (parent.is_dir() and os.access(parent, os.W_OK)):
        raise DataError(f"{out} cannot be written: {parent} is no folder that may be written to.")


def _differences(then: dict[str, Any], asked: dict[str, Any]) -> Iterator[str]:
    """What an interrupted run had otherwise, in the words of the command line."""
    for key in ("recipe", "labels"):
        if then.get(key) != asked[key]:
            yield f"{key} {_words(then.get(key))}, not {_words(asked[key])}"
    before, now = then.get("settings", {}), asked["settings"]
    for name in sorted(before | now):
        old, new = before.get(name), now.get(name)
        more_epochs = name == "epochs" and old is not None and new >= old
        if old != new and not more_epochs:
            yield f"--{name.replace('_', '-')} {_words(old)}, not {_words(new)}"
    if then.get("photos") != asked["photos"]:
        yield "other photos"


def _words(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(_words, value)) or "none"
    return "none" if value is None else str(value)


def _plain(value: Any) -> Any:
    """Paths shorten to their name: a card travels, folders do not."""
    if isinstance(value, Path):
        return value.name
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, str) and os.sep in value:
        return Path(value).name
    return value
