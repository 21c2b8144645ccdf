"""What augmentation makes of photos, as training sees them."""

import keras
import numpy as np
from numpy.typing import NDArray

from train.networks import parts


def augmented(pictures: NDArray[np.uint8], kind: str, count: int) -> NDArray[np.uint8]:
    """Vary pictures as while training.

    Args:
        pictures: uint8 (batch, height, width, 3).
        kind: as `parts.augmentation` takes it.
        count: how many variants of each.

    Returns:
        uint8 (count, batch, height, width, 3).
    """
    keras.utils.set_random_seed(0)
    layers = parts.augmentation(kind)
    variants = []
    for _ in range(count):
        x = pictures.astype(np.float32)
        for layer in layers:
            x = layer(x, training=True)
        variants.append(np.asarray(keras.ops.convert_to_numpy(x)).clip(0, 255).astype(np.uint8))
    return np.stack(variants)
