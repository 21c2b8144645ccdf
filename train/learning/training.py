"""Keras's fit with what lets it stop and go on anywhere: checkpoints, and epochs that repeat."""

import sys
import time
from collections.abc import Mapping
from typing import Any, Protocol

import keras
import numpy as np

from common.errors import DataError
from train.learning.runs import Run, State
from train.learning.tensorboard import EventFiles

Logs = dict[str, Any] | None


class Rows(Protocol):
    """Batches for fit, in an order that is a function of the epoch."""

    def start_epoch(self, epoch: int) -> None: ...


def fit(
    model: keras.Model,
    train: Rows,
    validation: Rows,
    run: Run,
    stage: str,
    *,
    epochs: int,
    patience: int,
    class_weight: Mapping[int, float] | None = None,
) -> State:
    """Train a compiled model, keep its best weights, and leave a checkpoint after every epoch.

    Args:
        train: what to learn from.
        validation: what decides which weights are best.
        stage: name of the checkpoint, for recipes that train more than once.
        epochs: at most.
        patience: epochs without a lower validation loss before training stops.
        class_weight: class -> what its photos count for while learning; all the same without.

    Returns:
        the state at the end; the model holds the weights of the lowest validation loss.

    Raises:
        DataError: the validation loss was never a number.
    """
    state, best = run.restore(model, stage)
    if state.epoch:
        print(f"Resuming after epoch {state.epoch} of {epochs}.")
    stopping = keras.callbacks.EarlyStopping(
        "val_loss", patience=patience, mode="min", restore_best_weights=True
    )
    checkpoints = Checkpoints(run, stage, state, best, stopping)
    callbacks = [Repeatable(train, run.seed), stopping, TimeLeft()]
    if run.asked.tensorboard:
        callbacks.append(EventFiles(run.asked.tensorboard / run.asked.out.name))
    if run.asked.callbacks:
        callbacks += run.asked.callbacks()
    if state.epoch < epochs and state.wait < patience:
        model.fit(
            train,
            validation_data=validation,
            class_weight=class_weight,
            initial_epoch=state.epoch,
            epochs=epochs,
            shuffle=False,  # Repeatable does
            callbacks=[*callbacks, checkpoints],
            verbose=1 if sys.stdout.isatty() else 2,
        )
    else:
        model.set_weights(best)
    if not np.isfinite(state.best):
        raise DataError("The validation loss is no number: take a lower --learning-rate.")
    losses = [entry["val_loss"] for entry in state.history]
    kept = int(np.nanargmin(losses)) + 1
    print(f"Epoch {kept} of {state.epoch} is kept: validation loss {losses[kept - 1]:.4f}.")
    return state


class Repeatable(keras.callbacks.Callback):  # type: ignore[misc]
    """Has shuffling, dropout and augmentation draw from seed and epoch alone.

    So a resumed run repeats what an uninterrupted one does.
    """

    def __init__(self, rows: Rows, seed: int) -> None:
        super().__init__()
        self.rows, self.seed = rows, seed

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.rows.start_epoch(epoch)
        generators = [v for v in self.model.variables if v.name == "seed_generator_state"]
        for i, state in enumerate(generators):
            value = np.random.SeedSequence([self.seed, epoch, i]).generate_state(2)
            state.assign(value.astype(state.dtype))


class Checkpoints(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes a run's checkpoint after every epoch; the last of the callbacks.

    Args:
        state: where training stands, which is brought up to date.
        best: the best weights so far.
        stopping: what decides which weights are best, and goes on from there.
    """

    def __init__(
        self,
        run: Run,
        stage: str,
        state: State,
        best: list[np.ndarray],
        stopping: keras.callbacks.EarlyStopping,
    ) -> None:
        super().__init__()
        self.run, self.stage, self.state, self.stopping = run, stage, state, stopping
        self.best = best

    def on_train_begin(self, logs: Logs = None) -> None:
        self.stopping.best, self.stopping.wait = self.state.best, self.state.wait
        self.stopping.best_weights = self.best

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.state.epoch = epoch + 1
        self.state.history.append({name: float(value) for name, value in (logs or {}).items()})
        self.state.best, self.state.wait = float(self.stopping.best), self.stopping.wait
        self.run.save(self.model, self.stage, self.state, self.stopping.best_weights)


class TimeLeft(keras.callbacks.Callback):  # type: ignore[misc]
    """Says before an epoch how long all that are left take at most, where it is over a minute."""

    def on_train_begin(self, logs: Logs = None) -> None:
        self.began: dict[int, float] = {}

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.began[epoch] = time.monotonic()
        first = min(self.began)
        if epoch > first:
            pace = (self.began[epoch] - self.began[first]) / (epoch - first)
            left = pace * (self.params["epochs"] - epoch)
            if left > 60:
                print(f"at most {left / 60:.0f} min left")
