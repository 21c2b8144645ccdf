"""What is chosen after training, on validation photos: temperature, familiarity, threshold."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from train.calibration.in_distribution import InDistribution, Pooled, outputs
from train.calibration.rejection import Rejection
from train.networks.parts import logits
from train.photos.dataset import Photos

KEPT, MARGIN = 0.998, 1.0
"""Share of the validation photos that are kept, and how much lower, in log-odds, the line is drawn
then: 99 % are promised. The margin was set with the figures of docs/model.md in view."""
LEARNED_KEPT = 0.993
"""The share that is kept, without a margin, by a network that has learned from other things."""
FAMILIARITY = "familiarity.npz"
"""What a score of familiarity is computed from, beside the network it belongs to."""
THRESHOLD = 0.5
"""Familiarity is shifted so that *neither* begins here."""
PRIOR = 0.5
"""Standard deviation of the logarithm of the temperature, before any photo was looked at."""


@dataclass(frozen=True)
class Calibration:
    """What a served model adds to a trained network."""

    temperature: float = 1.0
    """What the logits are divided by."""
    familiarity: InDistribution | Rejection | None = None
    threshold: float | None = None
    """Below this familiarity the verdict is `neither`."""
    present_threshold: float | None = None
    """From this presence on a label is in the picture."""
    turn_threshold: float | None = None
    """From this likelihood on a turned picture is looked at upright, too."""

    @classmethod
    def make(
        cls,
        model: keras.Model,
        train: Photos,
        validation: Photos,
        familiar: tuple[int, ...] = (),
        pooled: Pooled | None = None,
    ) -> Self:
        """Choose for a trained network.

        Args:
            model: pictures in, or pooled features of them; logits out.
            train: what it learned from: what is familiar is learned from these, too.
            validation: what it did not learn from.
            familiar: ImageNet classes known to be those of the labels; learned where empty.
            pooled: what the network takes in place of photos, if it begins with pooled features.
        """
        familiarity = InDistribution.learn(model, train, familiar, pooled)
        wanted = {"logits": logits(model)}
        if familiarity:
            wanted["familiarity"] = familiarity.output(model)
        seen = outputs(model, wanted, validation, pooled and pooled(validation))
        temperature = fit_temperature(seen["logits"], validation.truth)
        if familiarity is None:
            return cls(temperature)
        offset = fit_offset(seen["familiarity"])
        return cls(temperature, replace(familiarity, offset=offset), THRESHOLD)

    def save(self, folder: Path) -> dict[str, float | None]:
        """Write the arrays into a folder; returns the numbers, for its JSON."""
        if self.familiarity:
            self.familiarity.save(folder / FAMILIARITY)
        return {
            "temperature": self.temperature,
            "threshold": self.threshold,
            "present_threshold": self.present_threshold,
            "turn_threshold": self.turn_threshold,
        }

    @classmethod
    def load(cls, folder: Path, numbers: dict[str, float | None]) -> Self:
        """Read what `save` wrote."""
        file = folder / FAMILIARITY
        familiarity: InDistribution | Rejection | None = None
        if file.is_file():
            with np.load(file) as arrays:
                kind = Rejection if "kernel" in arrays else InDistribution
            familiarity = kind.load(file)
        return cls(
            numbers["temperature"] or 1.0,
            familiarity,
            numbers["threshold"],
            numbers["present_threshold"],
            numbers["turn_threshold"],
        )


def fit_temperature(values: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """The temperature that makes the scores of validation photos most likely (Guo et al. 2017).

    arXiv:1706.04599. A prior around 1 keeps a handful of photos without a mistake from making
    the model certain of everything.

    Args:
        values: (photos, labels) logits.
        truth: (photos,) index of the label.
    """

    def cost(log_t: float) -> float:
        scaled = values.astype(np.float64) / np.exp(log_t)
        top = scaled.max(axis=1, keepdims=True)
        norm = top[:, 0] + np.log(np.exp(scaled - top).sum(axis=1))
        likelihood = (scaled[np.arange(len(truth)), truth] - norm).sum()
        return float(0.5 * (log_t / PRIOR) ** 2 - likelihood)

    found = minimize_scalar(cost, bounds=(-3, 3), method="bounded")
    return round(float(np.exp(found.x)), 4)


def fit_offset(familiarity: NDArray[np.float32], *, learned: bool = False) -> float:
    """The log-odds of familiarity below which a photo is taken for neither.

    Args:
        familiarity: (photos,) 0..1 of validation photos, before any offset.
        learned: whether the network has learned from photos of other things.
    """
    kept, margin = (LEARNED_KEPT, 0.0) if learned else (KEPT, MARGIN)
    least = np.quantile(familiarity.astype(np.float64), 1 - kept, method="lower")
    least = np.clip(least, 1e-7, 1 - 1e-7)
    return round(float(np.log(least / (1 - least)) - margin), 4)
