"""The in-distribution score, 0..1: how much a picture resembles the training photos.

It decides about *neither*. Two signals, both computed in the served graph and in the same pass:

- the probability that a network's ImageNet head (`train.networks.imagenet_head`), where it was
  kept, gives to the ImageNet classes of the training photos;
- the residual of the pooled features outside the subspace that those of training photos span: it
  is larger for other pictures (Wang et al. 2022, ViM, arXiv:2203.10807).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np
from numpy.typing import NDArray

from train.networks.imagenet_head import CLASSES, OUTPUT, has_head
from train.networks.parts import POOL, inference
from train.photos.dataset import Photos, Pixels

Pooled = Callable[[Photos], NDArray[np.float32]]
"""Pooled features (photos, features) of photos, in their order."""
PHOTOS = 2000
"""Training photos looked at, spread evenly: more do not move the averages."""
BATCH = 8
"""Photos that go through the network at a time: more only take memory."""
DIMENSIONS = 64
CHANCE = 3 / CLASSES
STEEPNESS = 20.0
"""What a residual weighs against the log-odds of the mass: measured, see docs/model.md."""


@dataclass(frozen=True)
class InDistribution:
    """What the in-distribution score of one trained network is computed from."""

    subspace: NDArray[np.float32]
    """(features, dimensions), orthonormal columns."""
    mean: NDArray[np.float32]
    """(features,)"""
    usual: float
    """The residual that 95 % of the training photos stay below, 0..1."""
    offset: float = 0.0
    """Log-odds that are subtracted, so that a familiarity of 1/2 is where *neither* begins."""
    class_weights: NDArray[np.float32] | None = None
    """(1000,) 0..1, how much each ImageNet class belongs to what was trained on."""

    @classmethod
    def learn(
        cls,
        model: keras.Model,
        photos: Photos,
        familiar: tuple[int, ...] = (),
        pooled: Pooled | None = None,
    ) -> Self | None:
        """Learn from training photos; None for a network without pooled features.

        Args:
            model: pictures in, with a layer named `pool` and, where it has one, its ImageNet head.
            familiar: the ImageNet classes that are those of the labels, where they are known.
            pooled: what the network takes in place of photos, if it begins with pooled features.
        """
        if POOL not in {layer.name for layer in model.layers}:
            return None
        where = np.unique(np.linspace(0, len(photos) - 1, PHOTOS).astype(int))
        some = photos.select(where)
        tensors = {POOL: model.get_layer(POOL).output}
        if has_head(model):
            tensors[OUTPUT] = keras.ops.softmax(model.get_layer(OUTPUT).output)
        seen = outputs(model, tensors, some, pooled and pooled(photos)[where])
        features = seen[POOL]
        mean = features.mean(axis=0)
        _, _, rows = np.linalg.svd(
            features - _means(features, some.truth)[some.truth], full_matrices=False
        )
        subspace = rows[: min(DIMENSIONS, len(rows) // 2)].T
        usual = float(np.quantile(_residual(features - mean, features, subspace), 0.95))
        if OUTPUT not in seen:
            return cls(subspace, mean, usual)
        if familiar:
            known = np.isin(np.arange(CLASSES), familiar).astype(np.float32)
            return cls(subspace, mean, usual, class_weights=known)
        return cls(subspace, mean, usual, class_weights=class_weights(seen[OUTPUT], some.truth))

    def output(self, model: keras.Model) -> keras.KerasTensor:
        """The familiarity (batch,) of a network: what `learn` has learned, as part of its graph.

        Log-odds of the ImageNet head's mass on the classes of the training photos, minus the
        residual beyond the usual one times a factor, minus the offset.
        """
        features = model.get_layer(POOL).output
        apart = features - self.mean
        inside = keras.ops.sum(keras.ops.matmul(apart, self.subspace) ** 2, axis=-1)
        outside = keras.ops.maximum(keras.ops.sum(apart**2, axis=-1) - inside, 0.0)
        length = keras.ops.sum(features**2, axis=-1) + 1e-6
        odds = STEEPNESS * (self.usual - keras.ops.sqrt(outside / length))
        if self.class_weights is not None:
            probabilities = keras.ops.softmax(model.get_layer(OUTPUT).output, axis=-1)
            mass = keras.ops.clip(
                keras.ops.sum(probabilities * self.class_weights, axis=-1), 1e-6, 1 - 1e-6
            )
            odds = odds + keras.ops.log(mass) - keras.ops.log(1 - mass)
        return keras.ops.sigmoid(odds - self.offset)

    def save(self, file: Path) -> None:
        """Write it beside a trained network, for the export."""
        extra = {} if self.class_weights is None else {"class_weights": self.class_weights}
        numbers = {"usual": self.usual, "offset": self.offset}
        np.savez(file, subspace=self.subspace, mean=self.mean, **numbers, **extra)

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(file) as arrays:
            return cls(
                arrays["subspace"],
                arrays["mean"],
                float(arrays["usual"]),
                float(arrays["offset"]),
                arrays.get("class_weights"),
            )


def class_weights(
    probabilities: NDArray[np.float32], truth: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Weigh each ImageNet class by how much more often than by chance photos evoke it.

    With p the share of photos whose most probable class it is, of the label that evokes it most,
    and c = 3/1000, its weight is p / (p + c).

    Args:
        probabilities: (photos, 1000) of the ImageNet head.
        truth: (photos,) index of the label.

    Returns:
        (1000,) weights 0..1.
    """
    first = np.eye(CLASSES, dtype=np.float32)[probabilities.argmax(axis=1)]
    share = _means(first, truth).max(axis=0)
    weights: NDArray[np.float32] = share / (share + CHANCE)
    return weights


def outputs(
    model: keras.Model,
    tensors: dict[str, keras.KerasTensor],
    photos: Photos,
    pooled: NDArray[np.float32] | None = None,
) -> dict[str, NDArray[np.float32]]:
    """What inner tensors of a network are for photos, batch first.

    Args:
        pooled: what the network takes in place of photos, if it begins with pooled features.
    """
    part = keras.Model(model.input, tensors)
    inputs: Callable[[NDArray[np.int64]], NDArray[Any]] = (
        Pixels(photos, model.input_shape[1:3], keep=False) if pooled is None else pooled.__getitem__
    )
    run, batches = inference(part), -(-len(photos) // BATCH)
    rows = [run(inputs(which)) for which in np.array_split(np.arange(len(photos)), batches)]
    return {name: np.concatenate([row[name] for row in rows]) for name in tensors}


def _means(rows: NDArray[np.float32], truth: NDArray[np.int64]) -> NDArray[np.float32]:
    return np.stack([rows[truth == label].mean(axis=0) for label in np.unique(truth)])


def _residual(
    apart: NDArray[np.float32], features: NDArray[np.float32], subspace: NDArray[np.float32]
) -> NDArray[np.float32]:
    outside = (apart**2).sum(axis=1) - ((apart @ subspace) ** 2).sum(axis=1)
    residual: NDArray[np.float32] = np.sqrt(
        np.maximum(outside, 0) / ((features**2).sum(axis=1) + 1e-6)
    )
    return residual
