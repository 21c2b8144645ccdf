"""Decoding and inference alone, without a service: the lower bound for any service."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
from PIL import Image


def classifier_of(model_file: Path) -> Callable[[bytes], object]:
    """A function that classifies the bytes of a picture, and does nothing else."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(str(model_file), options, providers=["CPUExecutionProvider"])
    (pictures,) = session.get_inputs()
    height, width = pictures.shape[1:3]

    def classify(data: bytes) -> object:
        image = Image.open(io.BytesIO(data))
        image.draft("RGB", (width, height))
        small = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
        return session.run(["scores"], {pictures.name: np.asarray(small)[np.newaxis]})

    return classify
