"""Packs the code and the models that the other machines of the cluster run."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.settings import ROOT
from common.model.card import CARD, FILES, model_folders

ROOMS = ("api", "cluster", "common", "web")
MODELS = "models"


@contextmanager
def package(model_dir: Path) -> Iterator[Path]:
    """A folder with the code and the models as they are now.

    Ray packs the folder, names the archive by its content, and unpacks it on each machine that
    starts a worker. So all machines run what was here when `serve` or `classify` started.

    Raises:
        ModelError: there is no model folder in `model_dir`.
    """
    with tempfile.TemporaryDirectory(prefix="dogorcat-") as name:
        folder = Path(name)
        for room in ROOMS:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / room, folder / room, ignore=ignored)
        for model in model_folders(model_dir):
            there = folder / MODELS / model.name
            there.mkdir(parents=True)
            for file in (CARD, *FILES.values()):
                if (model / file).is_file():
                    shutil.copyfile(model / file, there / file)
        yield folder


def packaged_models() -> Path:
    """Where the models are on a machine of the cluster."""
    return ROOT / MODELS
