"""The call of fit: its callbacks, those of other people, and what it writes for TensorBoard."""

import math
from pathlib import Path

import keras
import numpy as np
import pytest

from common.errors import DataError
from common.model.card import read_card
from train.__main__ import main
from train.recipes.tiny import Tiny, train

MODULE = """
import keras

class Noted(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        with open("epochs.txt", "a") as file:
            print(epoch, self.params["epochs"], sorted(logs), file=file)

def make():
    return [Noted()]
"""


def test_tensorboard_logs_hold_the_history(data: Path, tmp_path: Path) -> None:
    import tensorflow as tf
    from tensorflow.core.util.event_pb2 import Event  # what TensorBoard itself reads

    logs, out = tmp_path / "logs", tmp_path / "model"
    small = ["--size", "32", "--epochs", "2", "--tensorboard", str(logs)]
    assert main(["tiny", "--data", str(data), "--out", str(out), *small]) == 0
    seen = set()
    for file in logs.rglob("events.*"):
        for record in tf.data.TFRecordDataset(str(file)):
            event = Event.FromString(record.numpy())
            seen |= {(file.parent.name, value.tag, event.step) for value in event.summary.value}
    for part in ("train", "validation"):
        for step in (1, 2):
            assert (part, "epoch_loss", step) in seen
            assert (part, "epoch_accuracy", step) in seen


def test_callbacks_of_a_module_beside(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "noted_callbacks.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))  # as `python -m train` has it
    small = ["--size", "32", "--epochs", "2", "--callbacks", "noted_callbacks:make"]
    assert main(["tiny", "--data", str(data), "--out", "shapes", *small]) == 0
    logs = "['accuracy', 'loss', 'val_accuracy', 'val_loss']"
    assert Path("epochs.txt").read_text() == f"0 2 {logs}\n1 2 {logs}\n"
    assert read_card(Path("shapes")).settings["callbacks"] == "noted_callbacks:make"


def test_from_python_the_best_weights_are_kept(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A callback of ours spoils the weights after the second epoch."""
    weights, losses = [], []

    def spoil(epoch: int, logs: dict[str, float]) -> None:
        weights.append([value.copy() for value in spoiler.model.get_weights()])
        losses.append(logs["val_loss"])
        if epoch == 1:
            spoiler.model.set_weights([value + 10 for value in weights[-1]])

    spoiler = keras.callbacks.LambdaCallback(on_epoch_end=spoil)
    out = tmp_path / "shapes"
    train(Tiny(data=data, out=out, size=32, epochs=6, patience=1, callbacks=lambda: [spoiler]))
    best = int(np.argmin(losses))
    assert len(losses) < 6, "it stopped early"
    assert f"Epoch {best + 1} of {len(losses)} is kept" in capsys.readouterr().out
    served = keras.models.load_model(out / "model.keras").get_weights()
    for expected, found in zip(weights[best], served, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_rate_that_blows_up_is_said(data: Path, tmp_path: Path) -> None:
    settings = Tiny(data=data, out=tmp_path / "x", size=32, epochs=2, learning_rate=math.inf)
    with pytest.raises(DataError, match="lower --learning-rate"):
        train(settings)
