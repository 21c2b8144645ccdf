"""The models a worker serves: every folder of MODEL_DIR, loaded and proven once, found by name."""

from collections.abc import Iterator
from pathlib import Path

from common.card import model_folders
from common.classifier import Classifier
from common.errors import ModelError, ModelNotFound


class Registry:
    """Models by name. Loading raises `ModelError`, and then there is no registry."""

    def __init__(self, model_dir: Path, default: str) -> None:
        self._models: dict[str, Classifier] = {}
        for folder in model_folders(model_dir):
            classifier = Classifier.load(folder)
            name = classifier.card.name
            if name in self._models:
                raise ModelError(f"Model folder {folder}: a model named {name} is already there.")
            self._models[name] = classifier
        if default not in self._models:
            raise ModelError(
                f"DEFAULT_MODEL={default}: there is no such model in {model_dir}, only "
                f"{', '.join(self._models)}."
            )
        self.default = default

    def get(self, name: str | None) -> Classifier:
        """The model of that name, or the default one.

        Raises:
            ModelNotFound: there is no such model.
        """
        try:
            return self._models[name or self.default]
        except KeyError:
            known = ", ".join(self._models)
            raise ModelNotFound(f"There is no model of that name; there is {known}.") from None

    def __iter__(self) -> Iterator[Classifier]:
        return iter(self._models.values())
