"""A backbone in two parts: the lower one, which stays as it is, and the upper one, which learns."""

import keras
import numpy as np

from common.errors import DataError
from train.networks import backbones, heads, parts
from train.networks.imagenet_head import OUTPUT

FEATURES = "features"
"""The output of the lower part that the upper one learns from."""
TEACHER = "teacher"
"""What the ImageNet head says, before anything learns: logits."""


def divide(
    name: str,
    backbone: keras.Model,
    layer: str,
    size: tuple[int, int],
    head: tuple[np.ndarray, np.ndarray] | None,
) -> tuple[keras.Model, keras.Model]:
    """What stays as it is, from pictures to features, and what learns, from features to maps.

    The first also says what the ImageNet head says now, so that it can be held to it.

    Raises:
        DataError: no such layer, or other paths lead past it.
    """
    try:
        features = backbone.get_layer(layer).output
        upper = keras.Model(features, backbone.output)
        lower = keras.Model(backbone.input, features)
    except ValueError as error:
        joins = [one.name for one in backbone.layers if isinstance(one, keras.layers.Add)]
        some = joins[-4:] or [one.name for one in backbone.layers[-8:-4]]
        raise DataError(
            f"{name} cannot be divided behind a layer {layer!r}, but behind, for example,"
            f" {', '.join(some)}."
        ) from error
    pictures = parts.pictures(size)
    x = lower(backbones.preprocess(name, pictures))
    outputs = {FEATURES: x}
    if head:
        teacher = keras.models.clone_model(upper)
        teacher.set_weights(upper.get_weights())
        pooled = keras.layers.GlobalAveragePooling2D()(teacher(x))
        dense = keras.layers.Dense(head[0].shape[1], name=TEACHER)
        outputs[TEACHER] = dense(pooled)
        dense.set_weights(list(head))
    return keras.Model(pictures, outputs), upper


def learner(
    upper: keras.Model, labels: int, dropout: float, head: tuple[np.ndarray, np.ndarray] | None
) -> keras.Model:
    """What learns: features in, all outputs of the heads out."""
    features = keras.Input(upper.input.shape[1:])
    outputs = heads.heads(upper(features), labels, dropout, imagenet=head is not None)
    network = keras.Model(features, outputs)
    if head:
        network.get_layer(OUTPUT).set_weights(list(head))
    return network


def assembled(
    name: str,
    backbone: keras.Model,
    network: keras.Model,
    labels: int,
    dropout: float,
    head: tuple[np.ndarray, np.ndarray] | None,
) -> keras.Model:
    """The whole network, pictures in: the backbone with what its upper part and heads learned."""
    pictures = parts.pictures(backbone.input_shape[1:3])
    maps = backbone(backbones.preprocess(name, pictures))
    model = keras.Model(
        pictures, heads.heads(maps, labels, dropout, imagenet=head is not None), name=name
    )
    copy_heads(network, model)
    return model


def copy_heads(source: keras.Model, target: keras.Model) -> None:
    """Give one network's heads the weights of another's."""
    for layer in source.layers:
        if layer.name in {*heads.WEIGHTS, "places", "turn_filters"} and layer.weights:
            target.get_layer(layer.name).set_weights(layer.get_weights())
