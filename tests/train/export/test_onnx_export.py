"""Export, features and the model folder: what must agree, and what must be refused."""

import errno
from pathlib import Path

import keras
import numpy as np
import pytest

from common.errors import ModelError
from common.model.classifier import Classifier
from train.__main__ import main
from train.export.onnx_export import check_parity, to_onnx
from train.learning.features import Features
from train.networks import backbones, parts
from train.photos.dataset import scan


def colour_net(seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    pictures = parts.pictures((16, 16))
    x = keras.layers.Conv2D(4, 3)(keras.layers.Rescaling(1 / 255)(pictures))
    return keras.Model(pictures, parts.apply(parts.head("gap", 3, 0.1), x))


PICTURES = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3)).astype(np.uint8)


def test_export_keeps_names_and_says_the_same(tmp_path: Path) -> None:
    graph = parts.serving(colour_net(1), temperature=2.0)
    to_onnx(graph, tmp_path / "model.onnx")
    apart = check_parity(graph, tmp_path / "model.onnx", PICTURES)
    assert set(apart) == {"scores", "maps"}
    assert max(apart.values()) < 1e-4


def test_temperature_divides_the_logits() -> None:
    model = colour_net(1)
    logits = model.predict(PICTURES, verbose=0)
    scores = parts.serving(model, 2.5).predict(PICTURES, verbose=0)["scores"]
    expected = np.exp(logits / 2.5) / np.exp(logits / 2.5).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(scores, expected, atol=1e-6)


def test_another_models_file_is_refused(tmp_path: Path) -> None:
    to_onnx(parts.serving(colour_net(1)), tmp_path / "model.onnx")
    with pytest.raises(ModelError, match="scores differ"):
        check_parity(parts.serving(colour_net(2)), tmp_path / "model.onnx", PICTURES)


@pytest.mark.parametrize("name", backbones.names())
def test_preprocessing_is_the_networks_own(name: str) -> None:
    pictures = parts.pictures((16, 16))
    layers = keras.Model(pictures, backbones.preprocess(name, pictures))
    own = backbones.module_of(name).preprocess_input(PICTURES.astype(np.float32).copy())
    np.testing.assert_allclose(layers.predict(PICTURES, verbose=0), own, atol=1e-3)


@pytest.mark.parametrize("name", ["VGG16", "ResNet50"])
def test_preprocessing_survives_saving_and_export(name: str, tmp_path: Path) -> None:
    pictures = parts.pictures((16, 16))
    x = backbones.preprocess(name, pictures)
    model = keras.Model(pictures, parts.apply(parts.head("gap", 2, 0.1), x))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        model.predict(PICTURES, verbose=0), again.predict(PICTURES, verbose=0)
    )
    to_onnx(parts.serving(again), tmp_path / "model.onnx")
    check_parity(parts.serving(model), tmp_path / "model.onnx", PICTURES)


def test_features_are_computed_once_and_never_stale(own_data: Path, tmp_path: Path) -> None:
    photos = scan(own_data / "train")
    net = colour_net(1)
    first = np.array(Features(net, (16, 16), "net 1", tmp_path)(photos))
    assert first.shape == (16, 3)

    class Refuses:
        output = net.output

        @property
        def input(self) -> keras.KerasTensor:
            raise AssertionError("computed again")

    np.testing.assert_array_equal(Features(Refuses(), (16, 16), "net 1", tmp_path)(photos), first)
    changed = [
        (photos, (16, 16), "net 2"),
        (photos, (24, 24), "net 1"),
        (photos.select(np.arange(16)[::-1]), (16, 16), "net 1"),
    ]
    (own_data / "train" / "circles" / "0.jpg").write_bytes(
        (own_data / "validation" / "circles" / "1000.jpg").read_bytes()
    )
    changed.append((scan(own_data / "train"), (16, 16), "net 1"))
    for others, size, key in changed:
        with pytest.raises(AssertionError, match="computed again"):
            Features(Refuses(), size, key, tmp_path)(others)
    assert len(list(tmp_path.glob("*.npy"))) == 1
    assert not list(tmp_path.glob("*.tmp")), "no half file stays"


def test_a_full_disk_leaves_what_was_there(
    own_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out = tmp_path / "models" / "shapes"
    command = ["tiny", "--data", str(own_data), "--out", str(out), "--size", "32", "--epochs", "1"]
    assert main(command) == 0
    before = (out / "card.json").read_bytes()

    def full(*args) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("train.export.model_folder.write_card", full)
        assert main([*command, "--overwrite"]) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert (out / "card.json").read_bytes() == before
    Classifier.load(out)
    assert {p.name for p in out.parent.iterdir()} == {"shapes", ".shapes.run"}

    assert main(["export", str(out)]) == 0, "training is not lost: the export can be repeated"
    assert (out / "card.json").read_bytes() != before
    assert {p.name for p in out.parent.iterdir()} == {"shapes"}
