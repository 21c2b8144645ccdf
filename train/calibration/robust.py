"""What is chosen for a robust network: on validation photos, and on views of them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from common.model.prediction import Outputs
from train.calibration.calibration import THRESHOLD, Calibration, fit_offset, fit_temperature
from train.calibration.in_distribution import class_weights
from train.calibration.look_thresholds import look_thresholds
from train.calibration.rejection import Rejection
from train.export.onnx_runner import Runner
from train.networks.divided import FEATURES
from train.networks.heads import KNOWN
from train.networks.imagenet_head import CLASSES, OUTPUT
from train.networks.parts import LOGITS, POOL, PRESENCE, TURN
from train.photos.dataset import Photos, Pixels, parallel_batches

SURE = 2.2
"""Log-odds of familiarity, 0.9, from which on a photo of other things is told to the user."""
BATCH = 64
PARALLEL = 4
"""Photos that one thread decodes and passes on at a time."""


def calibrate(
    learner: keras.Model,
    runner: Runner,
    size: tuple[int, int],
    photos: Photos,
    seed: int,
    familiar: Sequence[int] | None,
) -> Calibration:
    """Choose temperature and thresholds.

    Args:
        learner: what was learned: features in, the outputs of `train.networks.heads` out.
        runner: what was not: uint8 pictures in, features out.
        size: (height, width) of the pictures.
        photos: validation photos of the labels.
        seed: of the views of them.
        familiar: the ImageNet classes of the labels; learned from the photos where left out.
    """
    found = _said(learner, _features(runner, size, photos))
    weights = None
    if OUTPUT in found:
        said = _softmax(found[OUTPUT])
        weights = (
            np.isin(np.arange(CLASSES), familiar).astype(np.float32)
            if familiar
            else class_weights(said, photos.truth)
        )
    kernel, bias = learner.get_layer(KNOWN).get_weights()
    rejection = Rejection(kernel[:, 0], float(bias[0]), class_weights=weights)
    odds = rejection.odds(found[KNOWN][:, 0], _softmax(found[OUTPUT]) if OUTPUT in found else None)
    offset = fit_offset(1 / (1 + np.exp(-odds.astype(np.float64))), learned=True)

    temperature = fit_temperature(found[LOGITS], photos.truth)
    ask = _asking(learner, runner, temperature)
    present, turned = look_thresholds(photos, size, seed, ask)
    return Calibration(
        temperature=temperature,
        familiarity=rejection.shifted(offset),
        threshold=THRESHOLD,
        present_threshold=present,
        turn_threshold=turned,
    )


def _asking(
    learner: keras.Model, runner: Runner, temperature: float
) -> Callable[[NDArray[np.uint8]], list[Outputs]]:
    """The two parts of the network as one that is asked as the service asks it."""
    maps = learner.get_layer(LOGITS)(learner.get_layer(POOL).input)
    kept = {name: learner.output[name] for name in (LOGITS, PRESENCE, TURN)}
    network = keras.Model(learner.input, kept | {"maps": maps})

    def ask(pictures: NDArray[np.uint8]) -> list[Outputs]:
        parts = np.array_split(pictures, -(-len(pictures) // PARALLEL))
        features = np.concatenate([runner(part)[FEATURES] for part in parts])
        said = network.predict_on_batch(features.astype(np.float32))
        scores, turns = _softmax(said[LOGITS] / temperature), _softmax(said[TURN])
        presence = 1 / (1 + np.exp(-said[PRESENCE]))
        rows = zip(scores, presence, turns, said["maps"], strict=True)
        return [Outputs(s, None, p, t, m / temperature) for s, p, t, m in rows]

    return ask


def _said(learner: keras.Model, features: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
    """What the heads say, batch by batch, so that little of it is in memory as float32."""
    batches = np.array_split(features, -(-len(features) // BATCH))
    rows = [learner.predict_on_batch(batch.astype(np.float32)) for batch in batches]
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def lookalikes(
    learner: keras.Model,
    runner: Runner,
    size: tuple[int, int],
    others: Photos,
    rejection: Rejection,
) -> list[Path]:
    """Photos of other things that are surely taken for the labels: perhaps they show one.

    Args:
        others: that were not learned from.
        rejection: with the offset that was chosen; the rest as `calibrate`.
    """
    found = _said(learner, _features(runner, size, others))
    said = _softmax(found[OUTPUT]) if OUTPUT in found else None
    odds = rejection.odds(found[KNOWN][:, 0], said) - rejection.offset
    return [others.paths[i] for i in np.flatnonzero(odds > SURE)]


def _features(runner: Runner, size: tuple[int, int], photos: Photos) -> NDArray[np.float32]:
    pixels = Pixels(photos, size)
    rows = parallel_batches(
        lambda which: runner(pixels(which))[FEATURES], len(photos), PARALLEL, "Calibrating"
    )
    return np.concatenate([row for _, row in rows])


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return found
