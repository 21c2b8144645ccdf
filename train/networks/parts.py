"""The parts of a network around its features: the head, augmentation, and what is served."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras

PICTURES, POOL, LOGITS, AUGMENT = "pictures", "pool", "logits", "augment"
PRESENCE, TURN = "presence", "turn"


def pictures(size: tuple[int, int]) -> keras.KerasTensor:
    """The input of every network here: uint8 (batch, height, width, 3), RGB."""
    return keras.Input((*size, 3), dtype="uint8", name=PICTURES)


def head(kind: str, labels: int, dropout: float) -> list[keras.Layer]:
    """The layers from feature maps to logits, in order.

    Args:
        kind: `gap` is global average pooling and one dense layer: its class activation map is
            exact. `flatten` is the classic of the tutorials: flatten, dense 256, dropout.
        labels: how many.
        dropout: 0..1, the share of features left out while training.
    """
    logits = keras.layers.Dense(labels, name=LOGITS)
    if kind == "gap":
        return [
            keras.layers.GlobalAveragePooling2D(name=POOL),
            keras.layers.Dropout(dropout, name="dropout"),
            logits,
        ]
    return [
        keras.layers.Flatten(name="flatten"),
        keras.layers.Dense(256, activation="relu", name="hidden"),
        keras.layers.Dropout(dropout, name="dropout"),
        logits,
    ]


def apply(layers: Sequence[keras.Layer], x: keras.KerasTensor) -> keras.KerasTensor:
    """Call layers one after the other."""
    for layer in layers:
        x = layer(x)
    return x


def augmentation(kind: str) -> list[keras.Layer]:
    """Layers that vary scaled pictures while training, and do nothing otherwise.

    Args:
        kind: `none`; `mild`: flips, small crops and aspect jitter, for fine-tuning; `strong`:
            the shear, zoom and flips of the tutorials, for training from scratch.
    """
    if kind == "none":
        return []
    flip = keras.layers.RandomFlip("horizontal", name=f"{AUGMENT}_flip")
    if kind == "mild":
        # height and width vary apart from each other: the service stretches pictures to a square
        zoom = keras.layers.RandomZoom(
            (-0.2, 0.05), (-0.2, 0.05), fill_mode="reflect", name=f"{AUGMENT}_zoom"
        )
        return [flip, zoom]
    return [
        flip,
        keras.layers.RandomShear(0.2, 0.2, fill_mode="nearest", name=f"{AUGMENT}_shear"),
        keras.layers.RandomZoom((-0.2, 0.2), fill_mode="nearest", name=f"{AUGMENT}_zoom"),
    ]


class Learner(keras.Model):  # type: ignore[misc]
    """A network as it is trained: behind augmentation layers. The weights are the network's.

    Args:
        network: pictures in, logits out.
        augmentation: layers that vary pictures while training.
        statistics: whether batch normalisation goes on learning mean and variance. Without, the
            whole network runs as in inference while its weights learn, dropout off. (Calling a
            nested network with `training=False` does not do it: `fit` overrides that.)
    """

    def __init__(
        self,
        network: keras.Model,
        augmentation: Sequence[keras.Layer] = (),
        *,
        statistics: bool = True,
    ) -> None:
        super().__init__()
        self.network = network
        self.augmentation = list(augmentation)
        self.statistics = statistics

    def call(self, pictures: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        x = keras.ops.cast(pictures, "float32")
        for layer in self.augmentation:
            x = layer(x, training=training)
        return self.network(x, training=training and self.statistics)


def backbone(model: keras.Model) -> keras.Model:
    """The nested network inside a model; the model itself if it has none."""
    return next((layer for layer in model.layers if isinstance(layer, keras.Model)), model)


def logits(model: keras.Model) -> keras.KerasTensor:
    """The logits (batch, labels) of a network, which may have other outputs beside."""
    return model.output[LOGITS] if isinstance(model.output, dict) else model.output


def serving(
    model: keras.Model,
    temperature: float = 1.0,
    familiarity: keras.KerasTensor | None = None,
) -> keras.Model:
    """What is exported: probabilities, and class activation maps where the head has them.

    For global average pooling and one dense layer the map of a label is that layer applied at
    every place: its mean is the label's logit (Zhou et al. 2016, arXiv:1512.04150).

    Args:
        model: pictures in, logits (batch, labels) out.
        temperature: what the logits are divided by (Guo et al. 2017, arXiv:1706.04599).
        familiarity: a further output (batch,) of the same graph, if there is one.

    Returns:
        a model with the outputs `scores` (batch, labels) and, if it can, `maps` (batch, rows,
        columns, labels), `presence` (batch, labels) and `turn` (batch, 4).
    """
    outputs = {"scores": keras.ops.softmax(logits(model) / temperature, axis=-1)}
    if familiarity is not None:
        outputs["familiarity"] = familiarity
    if isinstance(model.output, dict) and PRESENCE in model.output:
        outputs[PRESENCE] = keras.ops.sigmoid(model.output[PRESENCE])
        outputs[TURN] = keras.ops.softmax(model.output[TURN], axis=-1)
    names = {layer.name for layer in model.layers}
    if POOL in names and isinstance(model.get_layer(POOL), keras.layers.GlobalAveragePooling2D):
        features = model.get_layer(POOL).input
        outputs["maps"] = model.get_layer(LOGITS)(features) / temperature
    return keras.Model(model.input, outputs, name="serving")


def inference(network: keras.Model) -> Callable[[Any], Any]:
    """What computes the outputs of a network: a batch in, NumPy arrays in their structure out.

    Called as it is, a network leaves behind what TensorFlow prepares for each of its layers, for
    EfficientNet-Lite2 0.65 GB until the process ends; a graph is let go with this function.
    `predict` would trace a graph for each size of a batch, and warn where many networks are asked.
    """
    call = functools.partial(network, training=False)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        batch = tf.TensorSpec((None, *network.input.shape[1:]), network.input.dtype)
        graph = tf.function(lambda inputs: network(inputs, training=False))
        call = graph.get_concrete_function(batch)

    def run(inputs: Any) -> Any:
        values = keras.ops.convert_to_tensor(inputs, network.input.dtype)
        return keras.tree.map_structure(keras.ops.convert_to_numpy, call(values))

    return run
