from pathlib import Path

import keras
import numpy as np
import pytest

from common.errors import DataError
from train.calibration.calibration import fit_offset, fit_temperature
from train.calibration.in_distribution import InDistribution, class_weights
from train.networks import imagenet_head, parts


def test_evoked_classes_are_those_that_photos_show_first() -> None:
    said = np.full((40, 1000), 1e-6, np.float32)
    said[:20, 281] = 0.9  # every photo of the first label evokes one class
    said[20:30, 200] = said[30:, 201] = 0.9  # those of the second one of two
    weights = class_weights(said, np.repeat([0, 1], 20))
    assert weights[281] == pytest.approx(1 / 1.003)
    assert weights[200] == weights[201] == pytest.approx(0.5 / 0.503)
    assert weights.sum() == pytest.approx(weights[[200, 201, 281]].sum())


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_is_found_again(temperature: float) -> None:
    random = np.random.default_rng(0)
    honest = random.normal(0, 2, (4000, 3)).astype(np.float32)
    odds = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    truth = (odds.cumsum(axis=1) > random.random((4000, 1))).argmax(axis=1)
    assert fit_temperature(honest * temperature, truth) == pytest.approx(temperature, rel=0.1)


def test_a_few_photos_without_a_mistake_do_not_make_it_certain() -> None:
    logits = np.array([[2, -2], [-2, 2]] * 4, np.float32)
    assert fit_temperature(logits, np.array([0, 1] * 4)) > 0.3


def test_neither_begins_below_nearly_all_held_photos() -> None:
    familiarity = np.linspace(0.001, 1, 1000).astype(np.float32)
    odds = np.log(familiarity / (1 - familiarity + 1e-9))
    kept = odds >= fit_offset(familiarity)
    assert 0.998 <= kept.mean() < 1 or kept.all()
    assert fit_offset(familiarity) < odds[2]


def test_a_network_without_pooled_features_cannot_tell() -> None:
    pictures = parts.pictures((32, 32))
    flat = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(pictures))
    model = keras.Model(pictures, keras.layers.Dense(2, name="logits")(flat))
    assert InDistribution.learn(model, None) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_a_head_that_is_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "head.npz").write_bytes(content)
    with pytest.raises(DataError, match="kernel and bias"):
        imagenet_head.load_head("MobileNetV2", str(tmp_path / "head.npz"))


def test_a_head_of_another_network() -> None:
    pictures = parts.pictures((32, 32))
    maps = keras.layers.Conv2D(8, 3)(keras.layers.Rescaling(1 / 255)(pictures))
    model = keras.Model(pictures, parts.apply(parts.head("gap", 2, 0.2), maps))
    with pytest.raises(DataError, match="1280 features; this backbone has 8"):
        imagenet_head.attach(model, np.zeros((1280, 1000), np.float32), np.zeros(1000, np.float32))
