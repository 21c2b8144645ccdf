"""The suspects of a folder: features, near-duplicates and familiarity of its photos."""

from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from common.errors import DataError
from common.images import decode
from common.model.card import ModelCard
from common.model.classifier import Classifier
from train.export.load_keras import load_keras
from train.export.model_folder import KERAS
from train.learning.features import Features
from train.measure.evaluation import answers
from train.networks import parts
from train.photos.dataset import Photos, concat, scan
from train.photos.duplicates import SIDE, pairs, signature
from train.review.suspects import Suspect, out_of_fold, rank


def find(model: Path, data: Path, cache: Path) -> tuple[list[Suspect], tuple[str, ...]]:
    """Rank the photos of DATA/train and DATA/validation; also the classes.

    Raises:
        ModelError: the model has no `model.keras`.
        DataError: it has no pooled features, or DATA no photos.
    """
    card, network = load_keras(model)
    if parts.POOL not in {layer.name for layer in network.layers}:
        raise DataError(
            f"{model} has no pooled features; take a model of another recipe than tiny."
        )
    scanned = {
        part: scan(data / part) for part in ("train", "validation") if (data / part).is_dir()
    }
    if not scanned:
        raise DataError(f"{data} has neither train/ nor validation/; `prepare` makes them.")
    photos = concat(list(scanned.values()))
    pooled = keras.Model(network.input, network.get_layer(parts.POOL).output)
    size = (card.input.height, card.input.width)
    features = Features(pooled, size, f"review {card.files[KERAS].sha256}", cache)(photos)
    probabilities = out_of_fold(features, photos.truth)
    return rank(
        [path.relative_to(data).as_posix() for path in photos.paths],
        [part for part, own in scanned.items() for _ in range(len(own))],
        photos.classes, photos.truth, probabilities, pairs(_signatures(photos)),
        _strange(card, model, photos),
    ), photos.classes  # fmt: skip


def _strange(card: ModelCard, model: Path, photos: Photos) -> NDArray[np.float32] | None:
    """How far below the line of *neither* each photo (photos,) lies, 0 where it does not."""
    if card.outputs.familiarity is None or card.neither_threshold is None:
        return None
    _, familiarity = answers(Classifier.load(model, precision="float32"), photos)
    assert familiarity is not None, "the card says that it is measured"
    return np.maximum(card.neither_threshold - familiarity, 0)


def _signatures(photos: Photos) -> np.ndarray:
    reading = tqdm(photos.paths, "Comparing", unit="photo", leave=False)
    return np.array([signature(decode(path.read_bytes(), (SIDE, SIDE))) for path in reading])
