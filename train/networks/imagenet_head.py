"""The ImageNet head of a backbone, kept beside our own: it knows a thousand other things.

What it says of a picture tells whether the picture shows anything of what we trained on
(`train.calibration.in_distribution`). Fine-tuning would make it forget; so it learns along, to say
what it said before (learning without forgetting, Li and Hoiem 2016, arXiv:1606.09282), which at the
same time holds the backbone back from learning only the origin of the training photos.
"""

import sys

import keras
import numpy as np
from numpy.typing import NDArray

from common.errors import DataError
from train.networks import efficientnet_lite
from train.networks.backbones import IMAGENET, NONE
from train.networks.parts import LOGITS, POOL

CLASSES = 1000
OUTPUT = "imagenet"


def load_head(backbone: str, source: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The layer from pooled features to ImageNet's thousand classes.

    Args:
        backbone: as in keras.applications.
        source: `imagenet` (Keras downloads it), or an .npz file with `kernel` and `bias`.

    Returns:
        kernel (features, 1000) and bias (1000,).

    Raises:
        DataError: no such file, or this network has no such layer.
    """
    if source != IMAGENET:
        try:
            with np.load(source) as arrays:
                return arrays["kernel"].astype(np.float32), arrays["bias"].astype(np.float32)
        except (OSError, EOFError, KeyError, ValueError) as error:
            raise DataError(f"{source} is no .npz file with kernel and bias.") from error
    if backbone in efficientnet_lite.VARIANTS:
        return efficientnet_lite.imagenet_head(backbone)
    try:
        whole = getattr(keras.applications, backbone)(weights=IMAGENET)
    except Exception as error:  # whatever a download can raise
        raise DataError(
            f"The ImageNet head of {backbone} could not be downloaded; --imagenet-head FILE takes"
            f" it from a file, --imagenet-head none goes without. ({error})"
        ) from error
    last = whole.layers[-1]
    pooled = [
        layer.output
        for layer in whole.layers
        if isinstance(layer, keras.layers.GlobalAveragePooling2D | keras.layers.Dropout)
    ]
    if not isinstance(last, keras.layers.Dense) or all(last.input is not x for x in pooled):
        raise DataError(
            f"{backbone} does not end in global average pooling and one dense layer;"
            " --imagenet-head none goes without."
        )
    kernel, bias = last.get_weights()
    return kernel, bias


def head_source(weights: str, source: str | None) -> str | None:
    """Where the ImageNet head comes from: `imagenet`, a file, or None for going without.

    Args:
        weights: the backbone's: with ImageNet's the head comes along.
        source: what was asked for: `imagenet`, `none`, a file, or None for what fits the weights.
    """
    if source is None:
        return IMAGENET if weights == IMAGENET else None
    return None if source == NONE else source


def keep_head(model: keras.Model, backbone: str, weights: str, source: str | None) -> keras.Model:
    """Attach a backbone's ImageNet head, where it is asked for and there is one.

    Args:
        model: pictures in, logits out, with a pooling layer.
        weights: the backbone's: with ImageNet's the head comes along unless `source` is `none`.
        source: `imagenet`, `none`, a file, or None for what fits the weights.

    Raises:
        DataError: what was asked for cannot be had.
    """
    wanted = head_source(weights, source)
    if wanted is None:
        return model
    try:
        return attach(model, *load_head(backbone, wanted))
    except DataError as error:
        if source is not None:
            raise
        print(f"Going without the ImageNet head: {error}", file=sys.stderr)
        return model


def attach(
    model: keras.Model, kernel: NDArray[np.float32], bias: NDArray[np.float32]
) -> keras.Model:
    """The same network with a second output: ImageNet logits (batch, 1000).

    Raises:
        DataError: the head does not fit the features.
    """
    features = model.get_layer(POOL).output
    if kernel.shape != (features.shape[-1], CLASSES) or bias.shape != (CLASSES,):
        raise DataError(
            f"The ImageNet head takes {kernel.shape[0]} features; this backbone has"
            f" {features.shape[-1]}."
        )
    head = keras.layers.Dense(CLASSES, name=OUTPUT)
    said = head(features)
    head.set_weights([kernel, bias])
    outputs = {LOGITS: model.output, OUTPUT: said}
    return keras.Model(model.input, outputs, name=model.name)


def has_head(model: keras.Model) -> bool:
    """Whether a network has kept its ImageNet head."""
    return any(layer.name == OUTPUT for layer in model.layers)


def divergence(teacher: keras.KerasTensor, student: keras.KerasTensor) -> keras.KerasTensor:
    """The Kullback-Leibler divergence, in nats, of the student's logits from the teacher's.

    What holds the ImageNet head to what it said before (learning without forgetting, Li and Hoiem
    2016, arXiv:1606.09282).
    """
    said = keras.ops.softmax(teacher, axis=-1)
    apart = keras.ops.log_softmax(teacher, axis=-1) - keras.ops.log_softmax(student, axis=-1)
    return keras.ops.sum(said * apart, axis=-1)


@keras.saving.register_keras_serializable("dogorcat")
class Distillation(keras.layers.Layer):  # type: ignore[misc]
    """Passes logits on, and adds what the ImageNet head has forgotten to the loss.

    The loss is the Kullback-Leibler divergence, in nats, from what the teacher says.
    """

    def __init__(self, weight: float, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.weight = weight

    def call(
        self, logits: keras.KerasTensor, student: keras.KerasTensor, teacher: keras.KerasTensor
    ) -> keras.KerasTensor:
        self.add_loss(self.weight * keras.ops.mean(divergence(teacher, student)))
        return logits

    def compute_output_shape(
        self,
        logits_shape: tuple[int, ...],
        student_shape: tuple[int, ...],
        teacher_shape: tuple[int, ...],
    ) -> tuple[int, ...]:
        return logits_shape


def distilled(model: keras.Model, weight: float) -> keras.Model:
    """Pictures in, logits out, for training: a frozen copy of the network as it is now teaches."""
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    teacher = keras.Model(copy.input, copy.output, name="teacher")
    teacher.trainable = False
    pictures = keras.Input(model.input_shape[1:])
    learned, taught = model(pictures), teacher(pictures, training=False)
    logits = Distillation(weight, name="distillation")(
        learned[LOGITS], learned[OUTPUT], taught[OUTPUT]
    )
    return keras.Model(pictures, logits)
