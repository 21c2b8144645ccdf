"""What becomes of a graph in 8 bits, and which file is not kept."""

import contextlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from common.errors import ModelError
from common.model.card import INT8, ONNX, read_card, sha256_of
from common.model.classifier import Classifier
from common.model.golden import draw
from tests.train.export.tiny_graph import tiny_graph
from train.export.graph import adjust, outside_of_convolutions
from train.export.quantisation import refuse_if_worse
from train.measure.metrics import measure


@pytest.fixture
def folder(probe: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(probe, tmp_path / "probe"))


@pytest.mark.parametrize(
    ("photos", "lost", "kept"),
    [
        ([800], [1], True),
        ([800], [2], False),
        ([3000], [6], True),
        ([800, 1000], [3, 0], True),
        ([800, 1000], [1, 3], False),
        ([800, 1000], [0, 0], True),
    ],
)
def test_a_file_that_loses_verdicts_is_not_kept(
    photos: list[int], lost: list[int], kept: bool
) -> None:
    before, after = [], []
    for number, wrong in zip(photos, lost, strict=True):
        truth = np.arange(number) % 2
        scores = np.eye(2, dtype=np.float32)[truth]
        before.append(measure(scores, truth, ("cat", "dog")))
        scores[:wrong] = 1 - scores[:wrong]
        after.append(measure(scores, truth, ("cat", "dog")))
    with contextlib.nullcontext() if kept else pytest.raises(ModelError, match="is not kept"):
        refuse_if_worse(before, after)


def test_only_sums_between_convolutions_are_quantised() -> None:
    graph = tiny_graph(scale=1.0, offset=0.0)
    assert outside_of_convolutions(graph, "Add") == ["first_add", "last_add"]


def test_choices_become_part_of_the_graph(folder: Path) -> None:
    """Logits twice as large; the log-odds of familiarity lower by 1.5."""
    card = read_card(folder)
    floats = Classifier.load(folder, precision="float32")
    pictures = np.stack(list(draw(*floats.target).values()))
    names = ["scores", "familiarity", "maps"]
    scores, familiarity, maps = floats.run(pictures, names)
    shutil.copy(folder / ONNX, folder / INT8)
    adjust(folder / INT8, card, 2.0, 1.5)
    (folder / INT8).replace(folder / ONNX)
    spec = card.files[ONNX].model_copy(update={"sha256": sha256_of(folder / ONNX)})
    card = card.model_copy(update={"files": card.files | {ONNX: spec}})
    found = dict(
        zip(names, Classifier.load_unverified(card, folder).run(pictures, names), strict=True)
    )
    squared = scores.astype(np.float64) ** 2
    np.testing.assert_allclose(
        found["scores"], squared / squared.sum(axis=1, keepdims=True), atol=1e-4
    )
    np.testing.assert_allclose(found["maps"], 2 * maps, rtol=1e-4, atol=1e-4)
    odds = np.log(familiarity / (1 - familiarity))
    np.testing.assert_allclose(found["familiarity"], 1 / (1 + np.exp(1.5 - odds)), atol=1e-4)
