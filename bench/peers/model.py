"""What every ONNX peer does with a picture: Pillow, one resize, one call of ONNX Runtime.

MODEL_FILE and LABELS (comma-separated) say which model. One thread for each session: as many
workers run as there are cores, and ONNX Runtime's documentation advises then not to have more.
"""

import os

import numpy as np
import onnxruntime as ort
from PIL import Image


class Model:
    """One session; safe to share by threads."""

    def __init__(self) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = ort.InferenceSession(
            os.environ["MODEL_FILE"], options, providers=["CPUExecutionProvider"]
        )
        (self.input,) = self.session.get_inputs()
        self.labels = os.environ["LABELS"].split(",")

    def pixels(self, image: Image.Image) -> np.ndarray:
        """uint8 (height, width, 3)"""
        height, width = self.input.shape[1:3]
        return np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.BILINEAR))

    def scores(self, pixels: np.ndarray) -> dict[str, float]:
        """label -> probability"""
        (scores,) = self.session.run(["scores"], {self.input.name: pixels[np.newaxis]})
        return dict(zip(self.labels, map(float, scores[0]), strict=True))
