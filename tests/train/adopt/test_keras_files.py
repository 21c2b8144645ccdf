"""Files of older Keras versions answer as they did; each is written here as it was then."""

import json
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from common.errors import ModelError
from train.adopt import keras_files
from train.adopt.keras_configs import described, modern

L = keras.layers
pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5")


def small(inputs: int = 20) -> keras.Model:
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((inputs, inputs, 3)),
            L.Conv2D(8, 3, activation="relu"),
            L.MaxPooling2D(),
            L.Flatten(),
            L.Dropout(0.5),
            L.Dense(2, activation="softmax"),
        ]
    )


def changed(file: Path, change) -> Path:
    """Rewrite the architecture in an .h5 file, as an older Keras would have written it."""
    with h5py.File(file, "r+") as archive:
        config = json.loads(archive.attrs["model_config"])
        change(config)
        archive.attrs["model_config"] = json.dumps(config)
    return file


def older(config) -> None:
    """What TensorFlow 2.x wrote beside what Keras 3 knows."""
    for one in described(config):
        own = one["config"]
        if one["class_name"] in ("DepthwiseConv2D", "SeparableConv2D"):
            own |= {"groups": 1, "kernel_regularizer": None, "kernel_constraint": None}
        if one["class_name"] == "SeparableConv2D":
            own |= {"kernel_initializer": {"class_name": "GlorotUniform", "config": {}}}
        if one["class_name"] == "BatchNormalization":
            own |= {"axis": [3], "fused": None, "renorm": False}
        if one["class_name"] in ("Conv2D", "Dense"):
            own["dtype"] = {"class_name": "Policy", "config": {"name": "mixed_float16"}}


def test_files_of_tensorflow_2(tmp_path: Path) -> None:
    keras.utils.set_random_seed(6)
    inner = keras.Sequential(
        [keras.Input((12, 12, 4)), L.SeparableConv2D(5, 3), L.BatchNormalization()]
    )
    inputs = keras.Input((12, 12, 3))
    x = L.Conv2D(4, 1)(L.DepthwiseConv2D(3, padding="same")(inputs))
    model = keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling2D()(inner(x))))
    model.save(tmp_path / "a.h5")
    loaded = keras_files.load(changed(tmp_path / "a.h5", older))
    assert all(layer.dtype_policy.name == "float32" for layer in loaded.layers)
    values = np.random.default_rng(0).normal(size=(3, 12, 12, 3)).astype(np.float32)
    np.testing.assert_allclose(
        loaded.predict(values, verbose=0), model.predict(values, verbose=0), atol=1e-5
    )


def to_keras_1(config) -> None:
    names = {"Conv2D": "Convolution2D"}
    own = {"filters": "nb_filter", "units": "output_dim", "strides": "subsample",
           "padding": "border_mode", "use_bias": "bias", "rate": "p"}  # fmt: skip
    layers = []
    for one in config["config"]["layers"]:
        if one["class_name"] == "InputLayer":
            continue
        old = {own.get(key, key): value for key, value in one["config"].items() if key != "dtype"}
        if one["class_name"] == "Conv2D":
            old["nb_row"], old["nb_col"] = old.pop("kernel_size")
            old |= {"dim_ordering": "tf", "init": "glorot_uniform"}
            old.pop("data_format", None)
        if not layers:
            old["batch_input_shape"] = [None, 20, 20, 3]
        layers.append(
            {"class_name": names.get(one["class_name"], one["class_name"]), "config": old}
        )
    config["config"] = layers


def test_files_of_keras_1(tmp_path: Path) -> None:
    model = small()
    model.save(tmp_path / "a.h5")
    loaded = keras_files.load(changed(tmp_path / "a.h5", to_keras_1))
    values = np.random.default_rng(0).normal(size=(3, 20, 20, 3)).astype(np.float32)
    np.testing.assert_allclose(
        loaded.predict(values, verbose=0), model.predict(values, verbose=0), atol=1e-5
    )


def test_preprocessing_written_as_operations() -> None:
    def operation(name: str, function: str, value: float, before: str) -> dict:
        return {
            "class_name": "TFOpLambda", "name": name,
            "config": {"name": name, "trainable": True, "dtype": "float32", "function": function},
            "inbound_nodes": [[before, 0, 0, {"y": value, "name": None}]],
        }  # fmt: skip

    config = {"class_name": "Functional", "config": {"layers": [
        operation("tf.math.truediv", "math.truediv", 127.5, "input_1"),
        operation("tf.math.subtract", "math.subtract", 1.0, "tf.math.truediv"),
    ]}}  # fmt: skip
    first, second = modern(config)["config"]["layers"]
    assert first["class_name"] == second["class_name"] == "Rescaling"
    assert (first["config"]["scale"], first["config"]["offset"]) == (1 / 127.5, 0)
    assert (second["config"]["scale"], second["config"]["offset"]) == (1, -1)
    config["config"]["layers"][0]["config"]["function"] = "image.resize"
    with pytest.raises(ModelError, match="TensorFlow's own"):
        modern(config)


@pytest.mark.parametrize("told", [False, True])
def test_channels_first(told: bool, tmp_path: Path) -> None:
    """The same network written both ways; its Flatten knows of the order of channels or not."""
    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), L.Conv2D(4, 3), L.MaxPooling2D(), L.Flatten(), L.Dense(2)]
    )
    values = np.random.default_rng(0).normal(size=(3, 8, 8, 3)).astype(np.float32)
    expected = model.predict(values, verbose=0)
    kernel, bias = model.layers[-1].get_weights()
    if not told:  # the rows of its dense layer are those of (channels, height, width)
        first = kernel.reshape(3, 3, 4, 2).transpose(2, 0, 1, 3).reshape(36, 2)
        model.layers[-1].set_weights([first, bias])
    model.save(tmp_path / "a.h5")

    def turn(config) -> None:
        for one in described(config):
            own = one["config"]
            if one["class_name"] in ("Conv2D", "MaxPooling2D"):
                own["data_format"] = "channels_first"
            if one["class_name"] == "Flatten" and told:
                own["data_format"] = "channels_first"
            if "batch_shape" in own:
                own["batch_shape"] = [None, 3, 8, 8]

    loaded = keras_files.load(changed(tmp_path / "a.h5", turn))
    np.testing.assert_allclose(loaded.predict(values, verbose=0), expected, atol=1e-5)
