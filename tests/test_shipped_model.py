"""The model that is committed keeps what docs/model.md says of it, on real photos."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from common.images import decode
from common.model.classifier import Classifier
from support.shared import PHOTOS, ROOT, SHARED, needs_shared

FOLDER = ROOT / "models" / "cat_dog"
MAX_BYTES = 30_000_000
PAIRS = 100

pytestmark = needs_shared


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load(FOLDER, threads=2)


def pixels(paths: list[Path], size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.stack([decode(path.read_bytes(), size) for path in paths])


def photos(kind: str, number: int) -> list[Path]:
    return sorted((PHOTOS / "validation" / kind).iterdir())[:number]


def test_what_is_committed_is_small() -> None:
    names = ("card.json", "model.onnx", "model.int8.onnx")
    files = [*(FOLDER / name for name in names), *(FOLDER / "report").rglob("*")]
    assert sum(path.stat().st_size for path in files if path.is_file()) < MAX_BYTES


def test_the_map_of_each_label_lies_on_its_own_half(classifier: Classifier) -> None:
    """A cat and a dog side by side: each label's evidence is where its animal is."""
    height, width = classifier.target
    cats = pixels(photos("cats", PAIRS), (height, width // 2))
    dogs = pixels(photos("dogs", PAIRS), (height, width // 2))
    left = np.arange(PAIRS) % 2 == 0  # the cat on the left in every other pair
    pairs = np.where(
        left[:, None, None, None],
        np.concatenate([cats, dogs], axis=2),
        np.concatenate([dogs, cats], axis=2),
    )
    (maps,) = classifier.run(pairs, [classifier.card.outputs.maps or ""])
    evidence = np.maximum(maps, 0)
    column = np.arange(maps.shape[2]) + 0.5
    on_the_left = np.clip(maps.shape[2] / 2 - column + 0.5, 0, 1)  # the middle one counts half
    share = (evidence * on_the_left[None, None, :, None]).sum(axis=(1, 2)) / (
        evidence.sum(axis=(1, 2)) + 1e-9
    )
    cat_right = np.where(left, share[:, 0] > 0.5, share[:, 0] < 0.5)
    dog_right = np.where(left, share[:, 1] < 0.5, share[:, 1] > 0.5)
    assert (cat_right & dog_right).mean() >= 0.9


def test_pets_are_kept_and_other_things_are_neither(classifier: Classifier) -> None:
    cats = classifier.predict(pixels(photos("cats", 150), classifier.target))
    dogs = classifier.predict(pixels(photos("dogs", 150), classifier.target))
    things = sorted((SHARED / "data" / "neither").iterdir())[::3]
    others = classifier.predict(pixels(things, classifier.target))
    kept = [answer.verdict != "neither" for answer in cats + dogs]
    passing = [answer.verdict != "neither" for answer in others]
    assert np.mean(kept) >= 0.98, "99 % are promised; these are 300"
    assert np.mean(passing) <= 0.2
