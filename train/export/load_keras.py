"""The Keras network that a model folder keeps, for commands that look inside."""

from pathlib import Path

import keras

from common.errors import ModelError
from common.model.card import ModelCard, read_card, sha256_of
from train.export.model_folder import KERAS
from train.networks import saved


def load_keras(folder: Path) -> tuple[ModelCard, keras.Model]:
    """Read a folder's card and `model.keras`.

    Raises:
        ModelError: there is none, or it is not the file that the card describes.
    """
    card = read_card(folder)
    file = folder / KERAS
    if not file.is_file():
        raise ModelError(f"{folder} has no {KERAS}: it is made by training, and not kept in git.")
    if KERAS not in card.files or sha256_of(file) != card.files[KERAS].sha256:
        raise ModelError(f"{file} is not the file that the card describes: its SHA-256 differs.")
    return card, saved.load(file)
