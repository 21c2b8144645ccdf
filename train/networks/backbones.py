"""ImageNet networks by name, with their own preprocessing in the graph.

Those of keras.applications, and EfficientNet-Lite, whose weights are installed with the packages.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from common.errors import DataError
from common.model.card import Pretrained, sha256_of
from train.networks import efficientnet_lite

NONE, IMAGENET = "none", "imagenet"


def names() -> list[str]:
    """Every network that can be a backbone, sorted."""
    ours = [
        name
        for name in dir(keras.applications)
        if name[0].isupper() and callable(getattr(keras.applications, name))
    ]
    return sorted([*ours, *efficientnet_lite.VARIANTS])


def build(name: str, weights: str, size: tuple[int, int], seed: int = 0) -> keras.Model:
    """A network without its classification head: scaled pictures in, feature maps out.

    Args:
        name: one of `names()`, for example `EfficientNetLite2`.
        weights: `imagenet` (Keras downloads them, but for EfficientNet-Lite's), `none` (random,
            from the seed), or a file that `load_weights` takes for this network without its head.
        size: (height, width) of the pictures.

    Raises:
        DataError: no such network, or weights that are missing or belong to another one.
    """
    keras.utils.set_random_seed(seed)
    if name in efficientnet_lite.VARIANTS:
        backbone = efficientnet_lite.build(name, size)
        if weights == IMAGENET:
            efficientnet_lite.load_imagenet(backbone, name)
        elif weights != NONE:
            load_weights(backbone, Path(weights))
        return backbone
    constructor = _constructor(name)
    try:
        backbone = constructor(
            include_top=False,
            weights=IMAGENET if weights == IMAGENET else None,
            input_shape=(*size, 3),
            name=name.lower(),
        )
    except ValueError as error:  # too small a size, mostly
        raise DataError(f"{name} cannot be built for {size[0]}x{size[1]}: {error}") from error
    except Exception as error:
        if weights == IMAGENET:
            raise DataError(
                f"The ImageNet weights of {name} could not be downloaded; --weights FILE takes"
                f" them from a file, --weights none starts without. ({error})"
            ) from error
        raise
    if weights not in (NONE, IMAGENET):
        load_weights(backbone, Path(weights))
    return backbone


def load_weights(backbone: keras.Model, file: Path) -> None:
    """Load a weights file into a backbone, or say in one line why it does not fit.

    Raises:
        DataError: no such file, or not this network's.
    """
    if not file.is_file():
        raise DataError(f"There is no weights file {file}.")
    try:
        backbone.load_weights(file)
    except Exception as error:  # h5py, zip and shape errors share no base class
        raise DataError(
            f"{file} does not hold the weights of {backbone.name} without its head."
        ) from error


def preprocess(name: str, pictures: keras.KerasTensor) -> keras.KerasTensor:
    """Scale uint8 RGB pictures the way a network was trained, with ordinary layers.

    Every `preprocess_input` of keras.applications is affine in the pixel: what it does to black
    and to the three pure colours says all, so none is written down here.

    Args:
        pictures: uint8 (batch, height, width, 3), RGB.

    Returns:
        float32 of the same shape.
    """
    function = module_of(name).preprocess_input
    probes = np.zeros((4, 1, 1, 3), np.float32)
    probes[1, ..., 0] = probes[2, ..., 1] = probes[3, ..., 2] = 255.0
    seen = np.asarray(function(probes.copy()), np.float64)[:, 0, 0]
    offset = seen[0]
    matrix = (seen[1:] - offset) / 255.0  # row: colour that went in, column: channel it became
    if np.allclose(matrix, np.diag(np.diag(matrix))):
        x = pictures
    else:
        x = keras.ops.take(pictures, [2, 1, 0], axis=-1)  # networks born in Caffe want BGR
        matrix = matrix[::-1]
    scale = np.diag(matrix)
    if not np.allclose(matrix, np.diag(scale)):
        raise DataError(f"The preprocessing of {name} is not known here.")
    if np.ptp(scale) == 0 and np.ptp(offset) == 0:
        return keras.layers.Rescaling(float(scale[0]), float(offset[0]), name="preprocess")(x)
    return keras.layers.Rescaling(scale.tolist(), offset.tolist(), name="preprocess")(x)


def provenance(name: str, weights: str) -> Pretrained | None:
    """What the model card says of the pretrained start; None where there was none."""
    if weights == NONE:
        return None
    if weights == IMAGENET and name in efficientnet_lite.VARIANTS:
        source = efficientnet_lite.source(name)
    elif weights == IMAGENET:
        source = f"keras.applications.{name}(weights='imagenet')"
    else:
        source = f"{Path(weights).name}, SHA-256 {sha256_of(Path(weights))}"
    return Pretrained(
        name=f"{name}, ImageNet", licence=_LICENCES.get(name, "see its source"), source=source
    )


def weights_key(weights: str, seed: int) -> str:
    """What tells one set of starting weights from another."""
    if weights == IMAGENET:
        return IMAGENET
    return f"random {seed}" if weights == NONE else sha256_of(Path(weights))


_LICENCES = dict.fromkeys(efficientnet_lite.VARIANTS, "Apache-2.0") | {
    "MobileNetV2": "Apache-2.0",
    "MobileNetV3Small": "Apache-2.0",
    "MobileNetV3Large": "Apache-2.0",
    "VGG16": "CC-BY-4.0",
    "VGG19": "CC-BY-4.0",
}


def default_size(name: str) -> int:
    """Side, in pixels, of the pictures that a network was trained on; 224 where it is not said."""
    return efficientnet_lite.VARIANTS[name].size if name in efficientnet_lite.VARIANTS else 224


def _constructor(name: str) -> Callable[..., keras.Model]:
    if name not in names():
        raise DataError(f"There is no network {name}; there are {', '.join(names())}.")
    return getattr(keras.applications, name)


def module_of(name: str) -> Any:
    """The module that a network and its `preprocess_input` come from.

    Raises:
        DataError: no such network.
    """
    if name in efficientnet_lite.VARIANTS:
        return efficientnet_lite
    return getattr(keras.applications, _constructor(name).__module__.rsplit(".", 1)[-1])
