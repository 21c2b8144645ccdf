"""What comes out of a foreign network, and pictures in the form that it wants."""

import keras
import numpy as np
import pytest

from train.adopt.adoption import Preprocessing, assemble

PICTURES = np.random.default_rng(1).integers(0, 256, (6, 20, 20, 3)).astype(np.uint8)
L = keras.layers
ENDS = {
    "nested head": ([keras.Sequential([L.Dense(3)])], "logits"),
    "nested softmax": ([keras.Sequential([L.Dense(8), L.Dense(3, "softmax")])], "probabilities"),
    "dropout last": ([L.Dense(3), L.Dropout(0.2)], "logits"),
    "softmax, then dropout": ([L.Dense(3, "softmax"), L.Dropout(0.2)], "probabilities"),
    "activation layer": ([L.Dense(3), L.Activation("softmax")], "probabilities"),
    "linear activation layer": ([L.Dense(3), L.Activation("linear")], "logits"),
    "softmax layer": ([L.Dense(3), L.Softmax()], "probabilities"),
    "sigmoids": ([L.Dense(3, "sigmoid")], "probabilities"),
    "hard sigmoids": ([L.Dense(3, "hard_sigmoid")], "probabilities"),
    "tanh": ([L.Dense(3, "tanh")], "logits"),
    "relu": ([L.Dense(3, "relu")], "logits"),
    "reshaped": ([L.Dense(3), L.Reshape((3,))], "logits"),
    "time distributed": (
        [L.Reshape((1, 24)), L.TimeDistributed(L.Dense(3, "softmax"))], "probabilities",
    ),
    "normalised": ([L.Dense(3), L.BatchNormalization()], "logits"),
    "one logit": ([L.Dense(1)], "logits"),
    "one sigmoid layer": ([L.Dense(1), L.Activation("sigmoid")], "probabilities"),
}  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
def test_logits_or_probabilities_by_what_comes_out(end: str) -> None:
    keras.utils.set_random_seed(5)
    last, expected = ENDS[end]
    body = [keras.Input((8, 8, 3)), L.Conv2D(6, 4, strides=4, activation="relu"), L.Flatten()]
    model = keras.Sequential([*body, *last])
    before = Preprocessing(1 / 255, 0.0, None, "imagenet", None)
    labels = 3 if model.output_shape[-1] == 3 else 2
    whole, outputs = assemble(model, "theirs.h5", before, labels)
    assert outputs == expected
    pictures = np.random.default_rng(1).integers(0, 256, (4, 8, 8, 3)).astype(np.uint8)
    own = model.predict(pictures / np.float32(255), verbose=0).reshape(4, -1)
    if own.shape[1] == 1:
        own = np.concatenate([np.zeros_like(own) if expected == "logits" else 1 - own, own], axis=1)
    if expected == "logits":
        own = np.exp(own)
    said = np.exp(whole.predict(pictures, verbose=0))
    np.testing.assert_allclose(
        said / said.sum(axis=1, keepdims=True), own / own.sum(axis=1, keepdims=True), atol=1e-5
    )


def test_what_is_found_out_can_be_overruled() -> None:
    model = keras.Sequential([keras.Input((8, 8, 3)), L.Flatten(), L.Dense(2, "softmax")])
    before = Preprocessing(1 / 255, 0.0, None, "imagenet", None)
    assert assemble(model, "theirs.h5", before, 2)[1] == "probabilities"
    assert assemble(model, "theirs.h5", before, 2, "logits")[1] == "logits"


def test_grey_pictures() -> None:
    keras.utils.set_random_seed(8)
    model = keras.Sequential([keras.Input((20, 20, 1)), L.Flatten(), L.Dense(2, "softmax")])
    before = Preprocessing(1 / 255, 0.0, None, "imagenet", None)
    whole, _ = assemble(model, "theirs.h5", before, 2)
    grey = (PICTURES @ np.array([0.299, 0.587, 0.114]))[..., None].astype(np.float32) / 255
    np.testing.assert_allclose(
        np.exp(whole.predict(PICTURES, verbose=0)), model.predict(grey, verbose=0), atol=1e-5
    )
