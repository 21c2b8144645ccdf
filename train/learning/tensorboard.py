"""The figures of every epoch in files that TensorBoard opens, which need not be installed."""

import os
import time
from pathlib import Path
from typing import Any

import keras


class EventFiles(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes loss and metrics, those of training and of validation in a folder each.

    TensorBoard reads files of TFRecords that hold Event messages. Keras's own callback writes them
    by tf.summary, which wants the whole of TensorBoard to be installed.

    Args:
        folder: made if it is not there; files of runs before stay.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        import tensorflow as tf
        from tensorflow.core.util.event_pb2 import Event

        self.writers = {}
        for part in ("train", "validation"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
            name = f"events.out.tfevents.{time.time():.0f}.{os.getpid()}"
            self.writers[part] = tf.io.TFRecordWriter(str(self.folder / part / name))
            first = Event(wall_time=time.time(), file_version="brain.Event:2")
            self.writers[part].write(first.SerializeToString())

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        from tensorflow.core.framework.summary_pb2 import Summary
        from tensorflow.core.util.event_pb2 import Event

        for name, value in (logs or {}).items():
            part = "validation" if name.startswith("val_") else "train"
            tag = f"epoch_{name.removeprefix('val_')}"
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=float(value))])
            event = Event(wall_time=time.time(), step=epoch + 1, summary=summary)
            self.writers[part].write(event.SerializeToString())
            self.writers[part].flush()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        for writer in self.writers.values():
            writer.close()
