"""Keras files of other people: served as they answered before, or refused."""

import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from common.model.classifier import Classifier
from train.__main__ import main

PICTURES = np.random.default_rng(1).integers(0, 256, (6, 20, 20, 3)).astype(np.uint8)


def foreign(outputs: int, activation: str | None) -> keras.Model:
    """What a tutorial leaves behind: scaled floats in, the last activation inside."""
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((20, 20, 3)),
            keras.layers.Conv2D(8, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(outputs, activation=activation),
        ]
    )


def probabilities(model: keras.Model, activation: str | None, x: np.ndarray) -> np.ndarray:
    found = model.predict(x, verbose=0)
    if activation == "sigmoid":
        return np.concatenate([1 - found, found], axis=1)
    if activation is None:
        return np.exp(found) / np.exp(found).sum(axis=1, keepdims=True)
    return found


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5")
@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize(("outputs", "activation"), [(1, "sigmoid"), (2, "softmax"), (2, None)])
def test_a_whole_model_answers_as_before(
    ending: str, outputs: int, activation: str | None, tmp_path: Path
) -> None:
    model = foreign(outputs, activation)
    file, out = tmp_path / f"theirs{ending}", tmp_path / "theirs"
    model.save(file)
    command = ["adopt", str(file), "--labels", "cat,dog", "--scale", "1/255", "--out", str(out)]
    assert main(command) == 0
    found = Classifier.load(out).run(PICTURES, ["scores"])[0]
    expected = probabilities(model, activation, PICTURES.astype(np.float32) / 255)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def classic_head(features: tuple[int, ...]) -> keras.Model:
    keras.utils.set_random_seed(4)
    return keras.Sequential(
        [
            keras.Input(features),
            keras.layers.Flatten(),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )


def legacy_weights(head: keras.Model, file: Path) -> None:
    """The layout that `save_weights("….h5")` of Keras 2 wrote."""
    dense = [layer for layer in head.layers if layer.weights]
    with h5py.File(file, "w") as out:
        out.attrs["layer_names"] = [layer.name.encode() for layer in head.layers]
        for layer in head.layers:
            group = out.create_group(layer.name)
            names = [f"{layer.name}/{kind}:0" for kind in ("kernel", "bias")]
            group.attrs["weight_names"] = [n.encode() for n in names] if layer in dense else []
            for name, value in zip(names, layer.get_weights(), strict=False):
                group[name] = value


@pytest.mark.parametrize(("kind", "name"), [("model", "MobileNet"), ("weights", "VGG16")])
def test_a_head_alone_joins_its_backbone(kind: str, name: str, tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    network = getattr(keras.applications, name)
    backbone = network(include_top=False, weights=None, input_shape=(32, 32, 3))
    weights, file = tmp_path / "notop.weights.h5", tmp_path / "bottleneck_fc_model.h5"
    backbone.save_weights(weights)
    head = classic_head(backbone.output_shape[1:])
    if kind == "weights":
        legacy_weights(head, file)
    else:
        file = file.with_suffix(".keras")
        head.save(file)
    out = tmp_path / "joined"
    joined = ["--backbone", name, "--backbone-weights", str(weights), "--size", "32"]
    command = ["adopt", str(file), "--labels", "cat,dog", "--scale", "1/255", "--out", str(out)]
    assert main([*command, *joined]) == 0
    pictures = np.random.default_rng(2).integers(0, 256, (3, 32, 32, 3)).astype(np.uint8)
    sigmoid = head.predict(backbone.predict(pictures / np.float32(255), verbose=0), verbose=0)
    found = Classifier.load(out).run(pictures, ["scores"])[0]
    np.testing.assert_allclose(found[:, 1], sigmoid[:, 0], atol=1e-4)


def test_measured_where_there_are_photos(own_data: Path, tmp_path: Path) -> None:
    foreign(2, "softmax").save(tmp_path / "theirs.keras")
    out = tmp_path / "theirs"
    command = ["adopt", str(tmp_path / "theirs.keras"), "--scale", "1/255", "--out", str(out)]
    assert main([*command, "--labels", "circles,squares", "--data", str(own_data)]) == 0
    assert Classifier.load(out).card.metrics[0].data == "DATA/validation, 6 photos"


def with_lambda(file: Path) -> None:
    inputs = keras.Input((20, 20, 3))
    x = keras.layers.Lambda(lambda t: t / 255)(inputs)
    inner = keras.Model(inputs, x)
    y = keras.layers.Dense(2)(keras.layers.Flatten()(inner(inputs)))
    keras.Model(inputs, y).save(file)


def no_model(file: Path) -> None:
    file.write_bytes(b"not a model at all")


def a_zip(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("keras_model.h5", b"x")
        out.writestr("labels.txt", b"0 cat")


def weights_alone(file: Path) -> None:
    foreign(2, "softmax").save_weights(file)


def two_outputs(file: Path) -> None:
    inputs = keras.Input((20, 20, 3))
    x = keras.layers.Flatten()(inputs)
    keras.Model(inputs, [keras.layers.Dense(2)(x), keras.layers.Dense(1)(x)]).save(file)


def maps(file: Path) -> None:
    keras.Sequential([keras.Input((20, 20, 3)), keras.layers.Conv2D(2, 1)]).save(file)


def four_channels(file: Path) -> None:
    layers = [keras.Input((20, 20, 4)), keras.layers.Flatten(), keras.layers.Dense(2)]
    keras.Sequential(layers).save(file)


def one_softmax(file: Path) -> None:
    foreign(1, "softmax").save(file)


class Own(keras.layers.Layer):
    def call(self, x):
        return x


def own_layer(file: Path) -> None:
    inputs = keras.Input((20, 20, 3))
    keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(Own()(inputs)))).save(file)


def sigmoid(file: Path) -> None:
    foreign(1, "sigmoid").save(file)


@pytest.mark.filterwarnings("ignore:.*softmax over axis -1 of a tensor")
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5")
@pytest.mark.parametrize(
    ("write", "name", "more", "words"),
    [
        (with_lambda, "a.keras", [], "Lambda layer"),
        (with_lambda, "a.h5", [], "Lambda layer"),
        (no_model, "a.keras", [], "a.keras cannot be"),
        (no_model, "a.h5", [], "a.h5 cannot be"),
        (lambda file: None, "gone.keras", [], "gone.keras cannot be read"),
        (lambda file: file.write_bytes(b"cut off"), "a.tflite", [], "it is damaged, or no .keras"),
        (lambda file: file.mkdir(), "folder", [], "no SavedModel: there is no saved_model.pb"),
        (lambda file: file.write_bytes(b"\x80\x04pickled"), "a.pkl", [], "a Python pickle"),
        (lambda file: file.write_bytes(b"\x08\x07\x12\x04"), "a.onnx", [], "an ONNX file"),
        (lambda file: file.write_text('{"class_name": "Model"}'), "a.json", [], "JSON"),
        (a_zip, "a.zip", [], "a zip file but no .keras file (it holds keras_model.h5"),
        (weights_alone, "a.weights.h5", [], "weights alone"),
        (two_outputs, "a.keras", [], "has 2 outputs side by side"),
        (maps, "a.keras", [], "gives (20, 20, 2) for a picture"),
        (four_channels, "a.keras", [], "takes (20, 20, 4), not pictures"),
        (one_softmax, "a.keras", [], "says 1 whatever it sees"),
        (own_layer, "a.keras", [], "it has a layer of its own"),
        (
            sigmoid,
            "a.keras",
            ["--labels", "a,b,c"],
            "has 2 outputs (of a single one, what is left to 1); --labels names 3",
        ),
        (sigmoid, "a.keras", ["--size", "64"], "takes 20x20 pictures, not 64x64"),
    ],
)
def test_refused(
    write, name: str, more: list[str], words: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    write(tmp_path / name)
    out = tmp_path / "out"
    command = ["adopt", str(tmp_path / name), "--labels", "cat,dog", "--scale", "1/255"]
    assert main([*command, "--out", str(out), *more]) == 2
    assert words in capsys.readouterr().err
    assert not out.exists()


def test_the_scale_must_be_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sigmoid(tmp_path / "a.keras")
    command = ["adopt", str(tmp_path / "a.keras"), "--labels", "cat,dog"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 2
    assert "--scale is needed" in capsys.readouterr().err
