"""A foreign network between pictures and logits: scaling in front, its own answer as logits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from common.errors import DataError
from common.model.golden import draw
from train.networks import backbones, parts

Outputs = Literal["logits", "probabilities"]
Photographs = Callable[[int], NDArray[np.uint8]]
GREY = np.array([0.299, 0.587, 0.114], np.float32).reshape(1, 1, 3, 1)
"""Luminance of ITU-R BT.601, as Pillow's `convert("L")` has it."""


@dataclass(frozen=True)
class Preprocessing:
    """What training did with pictures before the network saw them."""

    scale: float | None
    """What values of 0..255 are multiplied by; None for the backbone's own preprocessing."""
    offset: float
    backbone: str | None
    backbone_weights: str
    side: int | None
    """Of the pictures, in pixels; None for what the file says."""


def assemble(
    adopted: keras.Model,
    file: str,
    before: Preprocessing,
    labels: int,
    outputs: Outputs | None = None,
    photos: Photographs | None = None,
) -> tuple[keras.Model, Outputs]:
    """Put scaling (and a backbone) in front and logits at the end: pictures in, logits out.

    Args:
        file: what to call the network in errors.
        labels: how many there are.
        outputs: what the network gives; None to find out.
        photos: side -> real ones to find out with, uint8 (photos, side, side, 3); else drawn ones.

    Returns:
        the network, and what it gave of its own.

    Raises:
        DataError: sizes, shapes or labels that do not fit together.
    """
    side, channels = _input(adopted, file, before)
    pictures = parts.pictures((side, side))
    if before.scale is None:
        x = backbones.preprocess(str(before.backbone), pictures)
    else:
        x = layers.Rescaling(before.scale, before.offset, name="preprocess")(pictures)
    if before.backbone:
        network = backbones.build(before.backbone, before.backbone_weights, (side, side))
        x = network(x, training=False)
        if len(adopted.input_shape) == 2:
            x = layers.Flatten(name="flatten")(x)
    elif channels == 1:
        grey = layers.Conv2D(1, 1, use_bias=False, trainable=False, name="grey")
        x = grey(x)
        grey.set_weights([GREY])
    try:
        found = adopted(x, training=False)
    except ValueError as error:
        raise DataError(
            f"{file} takes {_shape(adopted)}, not the {tuple(x.shape[1:])} before it."
        ) from error
    found = _one_row(found, file, labels)
    raw = keras.Model(pictures, found)
    outputs = outputs or look(raw, adopted, file, photos)
    return keras.Model(pictures, _logits(found, outputs), name="adopted"), outputs


def look(raw: keras.Model, adopted: keras.Model, file: str, photos: Photographs | None) -> Outputs:
    """Whether a network gives probabilities or logits, by what comes out.

    Probabilities stay between 0 and 1 whatever goes in, and add up to 1 where a softmax made them;
    logits leave that range, at the latest for inputs far from any picture's.

    Args:
        raw: pictures in, what the network gives out.
        adopted: the network itself, for inputs that are no pictures.

    Raises:
        DataError: numbers that are none, or always the same.
    """
    side = int(raw.input_shape[1])
    seen = np.stack(list(draw(side, side).values())) if photos is None else photos(side)
    shape = [8, *(side if size is None else size for size in adopted.input_shape[1:])]
    noise = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    far = [_run(adopted, noise * size).reshape(8, -1) for size in (1, 30, 1000, 3e4)]
    return judge(_run(raw, seen), far, file)


def judge(normal: NDArray[np.float32], far: list[NDArray[np.float32]], file: str) -> Outputs:
    """Whether (pictures, outputs) are probabilities or logits.

    Args:
        normal: what came out for pictures.
        far: what came out for inputs that are none.

    Raises:
        DataError: numbers that are none, or always the same.
    """
    if not np.isfinite(normal).all():
        raise DataError(f"{file} gives {normal[~np.isfinite(normal)][0]} instead of numbers.")
    if normal.shape[1] == 1 and np.ptp(normal) == 0 and normal[0, 0] == 1:
        raise DataError(
            f"{file} says 1 whatever it sees: a softmax over a single output; train it with a"
            " sigmoid."
        )
    every = np.concatenate([normal, *far])
    every = every[np.isfinite(every).all(axis=1)]
    if every.min() < -1e-3 or every.max() > 1 + 1e-3:
        return "logits"
    return "probabilities"


def _run(model: keras.Model, x: NDArray[Any]) -> NDArray[np.float32]:
    found = model(keras.ops.convert_to_tensor(x), training=False)
    several = list(found.values()) if isinstance(found, dict) else found
    one = several[0] if isinstance(several, list | tuple) else several
    return np.asarray(keras.ops.convert_to_numpy(one), np.float32)


def _input(adopted: keras.Model, file: str, before: Preprocessing) -> tuple[int, int]:
    """Side and channels of the pictures to take."""
    inputs = getattr(adopted, "inputs", None) or []
    if len(inputs) > 1:
        raise DataError(f"{file} takes {len(inputs)} inputs; only networks of one are adopted.")
    shape = adopted.input_shape
    if before.backbone:
        if before.side is None:
            raise DataError("--size is needed: the file does not say which pictures it takes.")
        return before.side, 3
    if len(shape) != 4 or shape[3] not in (1, 3, None):
        raise DataError(
            f"{file} takes {_shape(adopted)}, not pictures in colour or grey; if it is the head of"
            " another network, name that one (--backbone)."
        )
    if shape[1] and shape[2] and shape[1] != shape[2]:
        raise DataError(f"{file} takes {shape[1]}x{shape[2]}; only squares are adopted.")
    side = before.side or shape[1]
    if side is None:
        raise DataError("--size is needed: the file does not say which pictures it takes.")
    if shape[1] and side != shape[1]:
        raise DataError(f"{file} takes {shape[1]}x{shape[1]} pictures, not {side}x{side}.")
    return int(side), int(shape[3] or 3)


def _one_row(found: object, file: str, labels: int) -> keras.KerasTensor:
    """The outputs as (batch, labels or 1)."""
    several = list(found.values()) if isinstance(found, dict) else found
    if isinstance(several, list | tuple):
        if len(several) != 1:
            raise DataError(
                f"{file} has {len(several)} outputs side by side; choose one of them:"
                " keras.Model(model.inputs, model.outputs[0]).save('one.keras')."
            )
        several = several[0]
    outputs: keras.KerasTensor = several
    if len(outputs.shape) > 2 and all(size == 1 for size in outputs.shape[1:-1]):
        outputs = layers.Flatten(name="row")(outputs)
    if len(outputs.shape) != 2:
        raise DataError(
            f"{file} gives {tuple(outputs.shape[1:])} for a picture, not a score for each label."
        )
    count = 2 if outputs.shape[-1] == 1 else outputs.shape[-1]
    if count != labels:
        of = " (of a single one, what is left to 1)" if outputs.shape[-1] == 1 else ""
        raise DataError(f"{file} has {count} outputs{of}; --labels names {labels}.")
    return outputs


def _logits(outputs: keras.KerasTensor, given: Outputs) -> keras.KerasTensor:
    """Whatever a network gives, as logits whose softmax is its own answer."""
    if given == "logits":
        if outputs.shape[-1] == 1:
            return keras.ops.concatenate([keras.ops.zeros_like(outputs), outputs], axis=-1)
        return outputs
    if outputs.shape[-1] == 1:
        outputs = keras.ops.concatenate([1.0 - outputs, outputs], axis=-1)
    return keras.ops.log(keras.ops.clip(outputs, 1e-7, 1.0))


def _shape(adopted: keras.Model) -> tuple[int | None, ...]:
    return tuple(adopted.input_shape[1:])
