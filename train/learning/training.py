"""The loop around Keras's fit: one epoch at a time, so that it can stop and go on anywhere."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from train.learning.runs import Run, State
from train.photos.batches import Batches


def fit(
    model: keras.Model,
    train: Batches,
    validation: Batches,
    run: Run,
    stage: str,
    *,
    epochs: int,
    patience: int,
    class_weight: Mapping[int, float] | None = None,
) -> State:
    """Train a compiled model, keep its best weights, and leave a checkpoint after every epoch.

    Shuffling, dropout and augmentation draw from seed and epoch alone, so a resumed run repeats
    what an uninterrupted one does.

    Args:
        train: what to learn from.
        validation: what decides which weights are best.
        stage: name of the checkpoint, for recipes that train more than once.
        epochs: at most.
        patience: epochs without a lower validation loss before training stops.
        class_weight: class -> what its photos count for while learning; all the same without.

    Returns:
        the state at the end; the model holds the weights of the lowest validation loss.
    """
    state, best = run.restore(model, stage)
    if state.epoch:
        print(f"Resuming after epoch {state.epoch} of {epochs}.")
    progress = Progress(epochs)
    write = _tensorboard(run)
    began, before = time.monotonic(), state.epoch
    while state.epoch < epochs and state.wait < patience:
        train.start_epoch(state.epoch)
        reseed(model, run.seed, state.epoch)
        logs = model.fit(
            train,
            validation_data=validation,
            class_weight=class_weight,
            initial_epoch=state.epoch,
            epochs=state.epoch + 1,
            shuffle=False,  # Batches has shuffled
            callbacks=[progress],
            verbose=1 if sys.stdout.isatty() else 2,
        ).history
        entry = {name: float(values[0]) for name, values in logs.items()}
        state.epoch += 1
        state.history.append(entry)
        if entry["val_loss"] < state.best:
            state.best, state.wait, best = entry["val_loss"], 0, model.get_weights()
        else:
            state.wait += 1
        run.save(model, stage, state, best)
        write(state.epoch, entry)
        pace = (time.monotonic() - began) / (state.epoch - before)
        left = pace * (epochs - state.epoch)
        if left > 60 and state.wait < patience:
            print(f"at most {left / 60:.0f} min left")
    model.set_weights(best)
    losses = [entry["val_loss"] for entry in state.history]
    kept = int(np.argmin(losses)) + 1
    print(f"Epoch {kept} of {state.epoch} is kept: validation loss {losses[kept - 1]:.4f}.")
    return state


class Progress(keras.callbacks.ProgbarLogger):  # type: ignore[misc]
    """Keras's progress bar, which is to count all epochs and not those of one call of fit."""

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self._all = epochs

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params | {"epochs": self._all})


def reseed(model: keras.Model, seed: int, epoch: int) -> None:
    """Set every random generator inside a model to a function of seed, epoch and its place."""
    generators = [v for v in model.variables if v.name == "seed_generator_state"]
    for i, state in enumerate(generators):
        value = np.random.SeedSequence([seed, epoch, i]).generate_state(2)
        state.assign(value.astype(state.dtype))


def _tensorboard(run: Run) -> Callable[[int, dict[str, float]], None]:
    """What writes an epoch's figures for TensorBoard, if that was asked for.

    TensorBoard reads files of TFRecords that hold Event messages; tf.summary would want the whole
    of TensorBoard to be installed to write them.
    """
    if run.tensorboard is None:
        return lambda epoch, entry: None
    import tensorflow as tf
    from tensorflow.core.framework.summary_pb2 import Summary
    from tensorflow.core.util.event_pb2 import Event

    writers = {}
    for part in ("train", "validation"):
        folder = run.tensorboard / run.out.name / part
        folder.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{time.time():.0f}.{os.getpid()}"
        writers[part] = tf.io.TFRecordWriter(str(folder / name))
        first = Event(wall_time=time.time(), file_version="brain.Event:2")
        writers[part].write(first.SerializeToString())

    def write(epoch: int, entry: dict[str, float]) -> None:
        for name, value in entry.items():
            part = "validation" if name.startswith("val_") else "train"
            tag = f"epoch_{name.removeprefix('val_')}"
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
            event = Event(wall_time=time.time(), step=epoch, summary=summary)
            writers[part].write(event.SerializeToString())
            writers[part].flush()

    return write
