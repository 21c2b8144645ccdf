"""Verdicts: one label, several, or neither."""

from pathlib import Path

import numpy as np
import pytest

from common.model.card import ModelCard
from common.model.prediction import Outputs, heatmap, predict
from support.colour_model import write_colour_model


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    folder: Path = tmp_path_factory.mktemp("models") / "colours"
    known = write_colour_model(folder)
    outputs = known.outputs.model_copy(update={"presence": "presence"})
    return known.model_copy(update={"outputs": outputs, "present_threshold": 0.6})


@pytest.mark.parametrize(
    ("familiarity", "presence", "verdict", "present"),
    [
        (0.9, (0.9, 0.1), "cat", ("cat",)),
        (0.9, (0.9, 0.7), "several", ("cat", "dog")),
        (0.9, (0.7, 0.9), "several", ("dog", "cat")),
        (0.9, (0.5, 0.5), "cat", ("cat",)),
        (0.9, (0.1, 0.9), "cat", ("cat",)),
        (0.4, (0.9, 0.9), "neither", ()),
        (None, None, "cat", ("cat",)),
    ],
)
def test_verdicts(
    card: ModelCard,
    familiarity: float | None,
    presence: tuple[float, float] | None,
    verdict: str,
    present: tuple[str, ...],
) -> None:
    scores = np.array([0.8, 0.2], np.float32)
    where = None if presence is None else np.array(presence, np.float32)
    maps = {label: np.ones((2, 2), np.float32) for label in (0, 1)}
    found = predict(card, Outputs(scores, familiarity, where), evidence=maps)
    assert (found.verdict, found.present) == (verdict, present)
    assert list(found.scores) == ["cat", "dog"]
    assert found.heatmap is not None
    assert (found.heatmaps is not None) == (verdict == "several")
    if found.heatmaps:
        assert tuple(found.heatmaps) == present


def test_what_speaks_against_a_label_is_nothing() -> None:
    assert heatmap(np.array([[-1, 2], [4, 0]], np.float32)).tolist() == [[0, 0.5], [1, 0]]
