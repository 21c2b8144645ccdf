"""EfficientNet-Lite with its real ImageNet weights."""

from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from common.errors import DataError
from support.shared import ROOT
from train.networks import backbones, efficientnet_lite, imagenet_head
from train.networks.efficientnet_lite import VARIANTS

PARAMETERS = {
    "EfficientNetLite0": 3_413_024,
    "EfficientNetLite1": 4_189_344,
    "EfficientNetLite2": 4_869_168,
}
"""Without the classifier, as published."""
CATS = range(281, 286)


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_network_knows_a_cat(name: str) -> None:
    side = VARIANTS[name].size
    backbone = backbones.build(name, backbones.IMAGENET, (side, side))
    assert backbone.count_params() == PARAMETERS[name]
    kernel, bias = imagenet_head.load_head(name, backbones.IMAGENET)
    with Image.open(ROOT / "docs" / "cat.jpg") as image:
        pixels = np.asarray(image.convert("RGB").resize((side, side)), np.float32)[None]
    maps = backbone.predict_on_batch(efficientnet_lite.preprocess_input(pixels))
    said = np.exp(maps.mean(axis=(1, 2)) @ kernel + bias)[0]
    assert said[list(CATS)].sum() > 0.8 * said.sum()


def test_preprocessing_is_part_of_the_graph() -> None:
    pictures = keras.Input((8, 8, 3), dtype="uint8")
    graph = keras.Model(pictures, backbones.preprocess("EfficientNetLite0", pictures))
    pixels = np.arange(192, dtype=np.uint8).reshape(1, 8, 8, 3)
    found = graph.predict_on_batch(pixels)
    np.testing.assert_allclose(found, (pixels - 127.0) / 128, atol=1e-6)


def test_another_file_than_the_pinned_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variant = VARIANTS["EfficientNetLite0"]
    folder = tmp_path / variant.package / "models"
    folder.mkdir(parents=True)
    (tmp_path / variant.package / "__init__.py").touch()
    (folder / variant.file).write_bytes(b"something else")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(DataError, match="does not hold the weights that this version knows"):
        backbones.build("EfficientNetLite0", backbones.IMAGENET, (64, 64))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    variant = VARIANTS["EfficientNetLite0"]
    nowhere = {"EfficientNetLite0": variant.__class__(**vars(variant) | {"package": "no_such"})}
    monkeypatch.setattr(efficientnet_lite, "VARIANTS", nowhere)
    with pytest.raises(DataError, match="package no-such, which is not installed"):
        efficientnet_lite.imagenet_head("EfficientNetLite0")


def test_weights_of_a_file(tmp_path: Path) -> None:
    backbone = backbones.build("EfficientNetLite0", backbones.NONE, (64, 64), seed=3)
    backbone.save_weights(tmp_path / "own.weights.h5")
    again = backbones.build("EfficientNetLite0", str(tmp_path / "own.weights.h5"), (64, 64), seed=4)
    np.testing.assert_array_equal(
        backbone.get_layer("head").get_weights()[0], again.get_layer("head").get_weights()[0]
    )
