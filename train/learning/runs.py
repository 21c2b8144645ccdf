"""A training run on disk: what was asked for, and a checkpoint after each epoch to resume from."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np

from common.atomic import new_file
from common.errors import DataError
from train.learning.settings import Settings, check_out
from train.photos.balance import class_weights
from train.photos.run_photos import RunPhotos

TRAINED = "model.keras"
RUN = "run.json"


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

    asked: Settings
    photos: RunPhotos
    settings: dict[str, Any]
    """Every choice that decides what comes out; the model card keeps them."""

    @classmethod
    def begin(cls, asked: Settings) -> Self:
        """Check everything that can be wrong before the long part starts, and read the photos.

        Raises:
            DataError: see its message.
        """
        check_out(asked.out, asked.version, overwrite=asked.overwrite)
        photos = RunPhotos.read(
            asked.data,
            labels=asked.labels,
            extra=asked.extra,
            held=asked.held,
            held_share=asked.held_share,
        )
        run = cls(asked, photos, asked.recorded() | {"classes": list(photos.train.classes)})
        run._open_folder()
        return run

    @property
    def folder(self) -> Path:
        """Where checkpoints lie until the model folder is written."""
        return self.asked.out.parent / f".{self.asked.out.name}.run"

    @property
    def class_weights(self) -> dict[int, float] | None:
        """What a photo of each class counts for while learning; None: all the same."""
        if self.asked.class_weights == "none":
            return None
        return class_weights(list(self.photos.train.counts.values()))

    @property
    def seed(self) -> int:
        return self.asked.seed

    def _open_folder(self) -> None:
        """Make the run's folder, or with --resume check that it belongs to the same run."""
        asked = {
            "recipe": self.asked.recipe,
            "settings": self.settings,
            "labels": list(self.photos.labels),
            "photos": self.photos.train.fingerprint(self.photos.labels).sha256,
        }
        file = self.folder / RUN
        if self.asked.resume:
            if not file.is_file():
                raise DataError(f"There is no interrupted run of {self.asked.out} to resume.")
            then = json.loads(file.read_text(encoding="utf-8"))
            asked = json.loads(json.dumps(asked))
            differences = list(_differences(then, asked))
            if differences:
                raise DataError(
                    f"The interrupted run of {self.asked.out} had {', '.join(differences)}: resume"
                    " with the same command, or start again without --resume."
                )
            file.write_text(json.dumps(then | asked, indent=2) + "\n", encoding="utf-8")
            return
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True)
        paths = {
            "data": str(self.asked.data),
            "extra": [str(path) for path in self.asked.extra],
            "version": self.asked.version,
            "show_photos": not self.asked.no_photos,
        }
        file.write_text(json.dumps(asked | paths, indent=2) + "\n", encoding="utf-8")

    def save(self, model: keras.Model, stage: str, state: State, best: list[np.ndarray]) -> None:
        """Write the checkpoint: weights, optimiser, best weights and state in one file.

        A killed run leaves the checkpoint before.
        """
        arrays = {f"weight_{i}": value for i, value in enumerate(model.get_weights())}
        arrays |= {
            f"optimizer_{i}": variable.numpy()
            for i, variable in enumerate(model.optimizer.variables)
        }
        arrays |= {f"best_{i}": value for i, value in enumerate(best)}
        arrays["state"] = np.array(json.dumps(vars(state)))
        with new_file(self.folder / f"{stage}.npz") as half, half.open("wb") as file:
            np.savez(file, **arrays)

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
