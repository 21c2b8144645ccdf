"""How much a picture resembles what was trained on, 0..1: what lets a model say *neither*.

Two ways, both inside the served graph and from the same pass. A network that kept its ImageNet
head (`train.imagenet`) asks how much of that head's probability falls on the classes which the
training photos evoke. Any other with pooled features measures the distance to its classes.
"""

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from train.data import Photos, Pixels
from train.imagenet import CLASSES, OUTPUT, has_head
from train.networks import POOL

KEPT = 0.995
"""Share of the held photos that the threshold keeps: 99 % are promised, of photos never seen."""
PHOTOS = 2000
"""Training photos looked at, spread evenly: more do not move the averages."""
DIMENSIONS = 64
PRIOR = 1.0


@dataclass(frozen=True)
class Evoked:
    """Probability mass of the ImageNet classes that the training photos evoke."""

    weights: NDArray[np.float32]
    """(1000,) 0..1, how much each ImageNet class belongs to what was trained on."""

    @classmethod
    def learn(cls, said: NDArray[np.float32], truth: NDArray[np.int64]) -> "Evoked":
        """Weigh each class by how much more often than by chance it is evoked.

        With p the mean probability of a class over the photos of the label that evokes it most,
        and c = 1/1000 the chance, its weight is p / (p + c).

        Args:
            said: (photos, 1000) probabilities of the ImageNet head.
            truth: (photos,) index of the label.
        """
        means = np.stack([said[truth == label].mean(axis=0) for label in np.unique(truth)])
        evoked = means.max(axis=0)
        return cls((evoked / (evoked + PRIOR / CLASSES)).astype(np.float32))

    def output(self, model: keras.Model) -> keras.KerasTensor:
        """The familiarity (batch,) of a network with its ImageNet head."""
        said = keras.ops.softmax(model.get_layer(OUTPUT).output, axis=-1)
        return keras.ops.sum(said * self.weights, axis=-1)


@dataclass(frozen=True)
class Distance:
    """Distance to the nearest class centre among whitened features (Lee et al. 2018).

    arXiv:1807.03888, with the covariance reduced to its first 64 dimensions. The familiarity
    is 1 / (1 + (d / d95)^4): 1 at a centre, 1/2 where 95 % of the held photos are nearer.
    """

    projection: NDArray[np.float32]
    """(features, dimensions), whitening."""
    centres: NDArray[np.float32]
    """(labels, dimensions)"""
    d95: float

    @classmethod
    def learn(
        cls,
        features: NDArray[np.float32],
        truth: NDArray[np.int64],
        held: NDArray[np.float32],
    ) -> "Distance":
        """Fit centres and whitening on training features, the scale on held ones."""
        means = np.stack([features[truth == label].mean(axis=0) for label in np.unique(truth)])
        _, scale, rows = np.linalg.svd(features - means[truth], full_matrices=False)
        kept = min(DIMENSIONS, int((scale > scale[0] * 1e-3).sum()))
        projection = (rows[:kept] / scale[:kept, None]).T * np.sqrt(len(features))
        distance = cls(projection.astype(np.float32), (means @ projection).astype(np.float32), 1.0)
        d95 = np.quantile(distance._squared(held @ distance.projection), 0.95) ** 0.5
        return cls(distance.projection, distance.centres, float(d95))

    def _squared(self, places: NDArray[np.float32]) -> NDArray[np.float32]:
        apart = places[:, None] - self.centres[None]
        least: NDArray[np.float32] = (apart**2).sum(axis=-1).min(axis=1)
        return least

    def output(self, model: keras.Model) -> keras.KerasTensor:
        """The familiarity (batch,) of a network with pooled features."""
        places = keras.ops.matmul(model.get_layer(POOL).output, self.projection)
        apart = keras.ops.expand_dims(places, 1) - self.centres[None]
        squared = keras.ops.min(keras.ops.sum(apart**2, axis=-1), axis=1)
        return 1.0 / (1.0 + (squared / self.d95**2) ** 2)


def learn(model: keras.Model, train: Photos, held: Photos) -> Evoked | Distance | None:
    """Learn from the photos what is familiar to a trained network; None where it cannot tell.

    Args:
        model: pictures in; with an ImageNet head, or with pooled features, or neither.
    """
    size = model.input_shape[1:3]
    some = train.select(np.unique(np.linspace(0, len(train) - 1, PHOTOS).astype(int)))
    if has_head(model):
        said = _outputs(model, keras.ops.softmax(model.get_layer(OUTPUT).output), some, size)
        return Evoked.learn(said, some.truth)
    if POOL not in {layer.name for layer in model.layers}:
        return None
    pooled = model.get_layer(POOL).output
    return Distance.learn(
        _outputs(model, pooled, some, size), some.truth, _outputs(model, pooled, held, size)
    )


def threshold(familiarity: NDArray[np.float32], kept: float = KEPT) -> float:
    """The familiarity that a share of the held photos reaches."""
    return float(np.quantile(familiarity, 1 - kept, method="lower"))


def _outputs(
    model: keras.Model, tensor: keras.KerasTensor, photos: Photos, size: tuple[int, int]
) -> NDArray[np.float32]:
    part = keras.Model(model.input, tensor)
    pixels = Pixels(photos, size)
    batches = np.array_split(np.arange(len(photos)), -(-len(photos) // 32))
    return np.concatenate([part.predict_on_batch(pixels(which)) for which in batches])
