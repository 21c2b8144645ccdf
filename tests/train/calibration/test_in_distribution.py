import json
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest

from common.errors import DataError
from common.model.classifier import Classifier
from train.__main__ import main
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


@pytest.fixture(scope="module")
def head_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("head") / "head.npz"
    random = np.random.default_rng(0)
    kernel = random.normal(0, 0.3, (1280, 1000)).astype(np.float32)
    np.savez(file, kernel=kernel, bias=np.zeros(1000, np.float32))
    return file


def test_fine_tuning_keeps_the_imagenet_head(data: Path, head_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "models" / "shapes"
    options = ["--weights", "none", "--size", "32", "--epochs", "1", "--batch", "16"]
    options += ["--backbone", "EfficientNetLite0"]  # a head of 1280 features fits it
    more = ["--imagenet-head", str(head_file), "--cache", str(tmp_path / "cache")]
    assert main(["fine-tune", "--data", str(data), "--out", str(out), *options, *more]) == 0
    classifier = Classifier.load(out)
    assert classifier.card.outputs.familiarity == "familiarity"
    assert classifier.card.neither_threshold == 0.5
    said = classifier.predict(np.zeros((2, 32, 32, 3), np.uint8))
    assert all(0 <= (prediction.familiarity or 0) <= 1 for prediction in said)
    assert imagenet_head.has_head(keras.models.load_model(out / "model.keras"))
    golden = json.loads((out / "card.json").read_text())["golden"]
    assert {"scores", "familiarity", "maps"} == set(golden["disc"])
    weights = {tuple(w.dims): w.data_type for w in onnx.load(out / "model.onnx").graph.initializer}
    assert weights[1280, 1000] == onnx.TensorProto.INT8, "the largest matrix is kept in 8 bits"
    assert weights[1280, 3] == onnx.TensorProto.FLOAT, "our own head is not"


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
