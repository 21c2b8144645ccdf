"""Familiarity by counter-examples: how likely any of the labels is in a picture, 0..1.

Where a network has learned from photos of other things, two witnesses inside the served graph:
the log-odds of a linear head that tells the labels' photos from the others', and half the log-odds
of the probability that its ImageNet head puts on the classes which the labels' photos evoke.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import keras
import numpy as np
from numpy.typing import NDArray

from train.networks.imagenet_head import OUTPUT
from train.networks.parts import POOL

MASS = 0.5
"""What the log-odds of the ImageNet mass weigh: chosen on kinds that were not learned from."""


@dataclass(frozen=True)
class Rejection:
    """What tells the labels' photos from others."""

    kernel: NDArray[np.float32]
    """(features,), of the linear head on pooled features."""
    bias: float
    offset: float = 0.0
    """Log-odds that are subtracted, so that a familiarity of 1/2 is where *neither* begins."""
    class_weights: NDArray[np.float32] | None = None
    """(1000,) 0..1, how much each ImageNet class belongs to the labels; or no such head."""

    def shifted(self, offset: float) -> Self:
        """The same with another offset."""
        return replace(self, offset=offset)

    def odds(
        self, known: NDArray[np.float32], said: NDArray[np.float32] | None
    ) -> NDArray[np.float32]:
        """The log-odds of familiarity of photos, before the offset.

        Args:
            known: (photos,), what the linear head says.
            said: (photos, 1000), probabilities of the ImageNet head, where there is one.
        """
        if self.class_weights is None or said is None:
            return known
        mass = np.clip(said @ self.class_weights, 1e-6, 1 - 1e-6)
        found: NDArray[np.float32] = known + MASS * np.log(mass / (1 - mass))
        return found

    def output(self, model: keras.Model) -> keras.KerasTensor:
        """The familiarity (batch,) of a network with pooled features, as part of its graph."""
        pooled = model.get_layer(POOL).output
        odds = keras.ops.matmul(pooled, self.kernel[:, None])[:, 0] + self.bias
        if self.class_weights is not None:
            said = keras.ops.softmax(model.get_layer(OUTPUT).output, axis=-1)
            mass = keras.ops.clip(keras.ops.sum(said * self.class_weights, axis=-1), 1e-6, 1 - 1e-6)
            odds = odds + MASS * (keras.ops.log(mass) - keras.ops.log(1 - mass))
        return keras.ops.sigmoid(odds - self.offset)

    def save(self, file: Path) -> None:
        """Write it beside a trained network, for the export."""
        extra = {} if self.class_weights is None else {"class_weights": self.class_weights}
        np.savez(file, kernel=self.kernel, bias=self.bias, offset=self.offset, **extra)

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(file) as arrays:
            return cls(
                arrays["kernel"],
                float(arrays["bias"]),
                float(arrays["offset"]),
                arrays.get("class_weights"),
            )
