"""The training loop: what it writes for TensorBoard."""

from pathlib import Path

from train.__main__ import main


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
