"""Models as files of settings: what is trained, how it is put into 8 bits, and what is measured."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.errors import DataError

Settings = Mapping[str, Any]
"""Options of a command: `learning_rate=5e-5` is `--learning-rate 5e-05`, `refit=True` is `--refit`,
a list repeats its option; None and False leave it out."""


@dataclass(frozen=True)
class Config:
    """The commands that make a model, in their order."""

    recipe: str
    train: Settings
    quantise: Settings | None = None
    """None: no 8-bit file."""
    evaluate: Sequence[tuple[Sequence[str], Settings]] = ()
    """Photos and options; each is measured of both files."""

    def commands(self, out: Path) -> Iterator[list[str]]:
        """The arguments of `python -m train`, one list for each step, for a model folder `out`."""
        yield [self.recipe, *options(self.train), "--out", str(out)]
        precisions = ["float32"]
        if self.quantise is not None:
            yield ["quantise", str(out), *options(self.quantise)]
            precisions.append("int8")
        for precision in precisions:
            for photos, settings in self.evaluate:
                yield ["evaluate", str(out), *photos, "--precision", precision, *options(settings)]


def options(settings: Settings) -> list[str]:
    """Settings as they stand on a command line."""
    words: list[str] = []
    for name, value in settings.items():
        option = f"--{name.replace('_', '-')}"
        for one in value if isinstance(value, list | tuple) else [value]:
            if one is True:
                words.append(option)
            elif one is not None and one is not False:
                words += [option, str(one)]
    return words


def names() -> list[str]:
    """The configurations there are."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load_config(name: str, shared: Path) -> Config:
    """The configuration of a model.

    Args:
        shared: the folder that its photos lie in.

    Raises:
        DataError: there is none of this name.
    """
    if name not in names():
        raise DataError(f"There is no configuration {name}; there are {', '.join(names())}.")
    config: Config = importlib.import_module(f"train.configs.{name}").config(shared)
    return config
