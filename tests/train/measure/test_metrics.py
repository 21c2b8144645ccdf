"""Figures against values worked out by hand."""

import numpy as np
import pytest

from train.measure.metrics import (
    calibration_band,
    calibration_error,
    measure,
    measure_neither,
    reliability,
)

SCORES = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.8, 0.2]], np.float32)
TRUTH = np.array([0, 1, 1, 0])


def test_two_labels() -> None:
    found = measure(SCORES, TRUTH, ["cat", "dog"])
    assert found.photos == 4
    assert found.accuracy == 0.75
    assert found.confusion == [[2, 0], [1, 1]]
    assert found.precision == {"cat": pytest.approx(2 / 3), "dog": 1.0}
    assert found.recall == {"cat": 1.0, "dog": 0.5}
    assert found.roc_auc == 1.0, "every dog has a higher dog score than every cat"
    assert found.log_loss == pytest.approx(-np.log([0.9, 0.4, 0.7, 0.8]).mean(), abs=1e-6)


def test_three_labels_one_never_chosen() -> None:
    scores = np.array([[0.5, 0.3, 0.2], [0.2, 0.6, 0.2], [0.4, 0.3, 0.3]], np.float32)
    found = measure(scores, np.array([0, 1, 2]), ["a", "b", "c"])
    assert found.confusion == [[1, 0, 0], [0, 1, 0], [1, 0, 0]]
    assert found.recall["c"] == 0
    assert found.precision["c"] == 0


@pytest.mark.parametrize(
    ("bins", "expected"),
    [
        (1, abs(0.75 - 0.75)),
        # least confident two: 0.6 wrong, 0.7 right; most confident two: 0.8 and 0.9, both right
        (2, (abs(0.65 - 0.5) + abs(0.85 - 1.0)) / 2),
        (4, (0.6 + 0.3 + 0.2 + 0.1) / 4),
    ],
)
def test_calibration_error(bins: int, expected: float) -> None:
    assert calibration_error(SCORES, TRUTH, bins) == pytest.approx(expected, abs=1e-6)


def test_reliability_has_bins_of_equal_mass() -> None:
    confidence, accuracy, photos = reliability(SCORES, TRUTH, 2)
    assert photos.tolist() == [2, 2]
    assert confidence == pytest.approx([0.65, 0.85])
    assert accuracy.tolist() == [0.5, 1.0]


def test_a_calibrated_model_stays_in_its_band() -> None:
    random = np.random.default_rng(1)
    top = random.uniform(0.5, 1, 3000).astype(np.float32)
    scores = np.stack([top, 1 - top], axis=1)
    honest = (random.random(3000) > top).astype(np.int64)
    boastful = (random.random(3000) > top - 0.1).astype(np.int64)
    band = calibration_band(scores)
    assert 0.005 < band < 0.04
    assert calibration_error(scores, honest) < band < calibration_error(scores, boastful)


def test_figures_of_neither() -> None:
    familiar = np.linspace(0.5, 1, 101).astype(np.float32)
    strange = np.array([0.1, 0.2, 0.51, 0.9], np.float32)
    found = measure_neither(familiar, strange, threshold=0.5)
    assert found.others == 4
    assert found.served_kept == 1
    assert found.served_passing == 0.5
    assert found.passing == {0.95: 0.25, 0.99: 0.5}
    assert 0.5 < found.auroc < 1
