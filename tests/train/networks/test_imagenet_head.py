"""The ImageNet head of a network of keras.applications, here with random weights."""

import keras
import numpy as np
import pytest

from common.errors import DataError
from train.networks import backbones, imagenet_head


@pytest.mark.parametrize("name", ["MobileNetV2", "EfficientNetB0"])
def test_one_dense_layer_on_pooled_features(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = getattr(keras.applications, name)(weights=None)
    monkeypatch.setattr(keras.applications, name, lambda weights: whole)
    kernel, bias = imagenet_head.load_head(name, backbones.IMAGENET)
    assert (kernel.shape, bias.shape) == ((1280, 1000), (1000,))
    np.testing.assert_array_equal(kernel, whole.get_layer("predictions").get_weights()[0])


@pytest.mark.parametrize(
    "tail",
    [
        [keras.layers.Flatten, lambda: keras.layers.Dense(10)],  # as VGG
        [keras.layers.GlobalAveragePooling2D, lambda: keras.layers.Dense(10), keras.layers.ReLU],
        [keras.layers.GlobalAveragePooling2D, *[lambda: keras.layers.Dense(10)] * 2],
    ],
)
def test_another_tail_is_refused(tail: list, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = [keras.layers.Conv2D(4, 3), *(layer() for layer in tail)]
    whole = keras.Sequential([keras.Input((16, 16, 3)), *layers])
    monkeypatch.setattr(keras.applications, "VGG16", lambda weights: whole)
    with pytest.raises(DataError, match="does not end in global average pooling"):
        imagenet_head.load_head("VGG16", backbones.IMAGENET)
