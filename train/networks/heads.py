"""The outputs of a robust network, what each of them learns, and the network with all of them.

Beside the label: whether the picture shows any of the labels, which of them are in it, and how far
it was turned. All from the same maps of the backbone.
"""

import keras

from train.networks.imagenet_head import CLASSES, OUTPUT, divergence
from train.networks.parts import LOGITS, POOL, PRESENCE, TURN

KNOWN = "known"
SHARPNESS = 4.0
"""Of the mean over places that tells whether a label is anywhere: between mean (0) and maximum."""
TURN_FILTERS = 32
WEIGHTS = {LOGITS: 1.0, KNOWN: 0.5, PRESENCE: 1.0, TURN: 0.5, OUTPUT: 0.1}
"""What each output's loss counts."""


def heads(
    maps: keras.KerasTensor, labels: int, dropout: float, *, imagenet: bool
) -> dict[str, keras.KerasTensor]:
    """All outputs of the maps of a backbone.

    Args:
        maps: (batch, rows, columns, features).
        labels: how many.
        dropout: 0..1, in front of the label.
        imagenet: whether to keep a head for ImageNet's classes.

    Returns:
        `logits` (batch, labels); `known` (batch, 1), the log-odds that any label is in the
        picture; `presence` (batch, labels), the log-odds that each is; `turn` (batch, 4), logits
        of 0 to 3 quarter turns counter-clockwise; `imagenet` (batch, 1000), logits.
    """
    pooled = keras.layers.GlobalAveragePooling2D(name=POOL)(maps)
    features = keras.layers.Dropout(dropout, name="dropout")(pooled)
    places = keras.layers.Dense(labels, name="places")(maps)
    x = keras.layers.Conv2D(TURN_FILTERS, 1, activation="relu", name="turn_filters")(maps)
    outputs = {
        LOGITS: keras.layers.Dense(labels, name=LOGITS)(features),
        KNOWN: keras.layers.Dense(1, name=KNOWN)(features),
        PRESENCE: Anywhere(name=PRESENCE)(places),
        TURN: keras.layers.Dense(4, name=TURN)(keras.layers.Flatten(name="turn_places")(x)),
    }
    if imagenet:
        outputs[OUTPUT] = keras.layers.Dense(CLASSES, name=OUTPUT)(pooled)
    return outputs


@keras.saving.register_keras_serializable("dogorcat")
class Anywhere(keras.layers.Layer):  # type: ignore[misc]
    """From evidence by place to evidence anywhere: a smooth maximum over all places.

    The logarithm of the mean of exp(s x), divided by s (Pinheiro and Collobert 2015,
    arXiv:1411.6228): it lets one place decide, and still teaches all of them.
    """

    def call(self, places: keras.KerasTensor) -> keras.KerasTensor:
        shape = places.shape
        x = keras.ops.reshape(places, (-1, shape[1] * shape[2], shape[3])) * SHARPNESS
        top = keras.ops.max(x, axis=1, keepdims=True)
        mean = keras.ops.mean(keras.ops.exp(x - top), axis=1)
        return (keras.ops.log(mean) + top[:, 0]) / SHARPNESS

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return shape[0], shape[3]


def losses(*, imagenet: bool) -> dict[str, object]:
    """What each output learns by."""
    found: dict[str, object] = {
        LOGITS: keras.losses.CategoricalCrossentropy(True),
        KNOWN: keras.losses.BinaryCrossentropy(True),
        PRESENCE: keras.losses.BinaryCrossentropy(True),
        TURN: keras.losses.SparseCategoricalCrossentropy(True),
    }
    return found | ({OUTPUT: divergence} if imagenet else {})
