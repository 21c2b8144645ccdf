"""What an exported network answers in its own runtime, as a program of its own.

    python train/export/exported.py MODEL PICTURES.npy ANSWERS.npz

MODEL: a .tflite file or a SavedModel folder. PICTURES: uint8 (pictures, height, width, 3).
ANSWERS: float32 arrays by the names of the outputs, pictures first.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Answers = dict[str, NDArray[Any]]


def of_tflite(file: Path, pictures: NDArray[np.uint8]) -> Answers:
    """Ask TensorFlow Lite, picture by picture: by LiteRT's package where it is installed."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        import tensorflow as tf

        Interpreter = tf.lite.Interpreter
    run = Interpreter(str(file)).get_signature_runner("serving_default")
    rows = [{name: np.array(x) for name, x in run(pictures=one[None]).items()} for one in pictures]
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def of_saved_model(folder: Path, pictures: NDArray[np.uint8]) -> Answers:
    """Ask TensorFlow for the answers of the signature that servers use."""
    import tensorflow as tf

    run = tf.saved_model.load(str(folder)).signatures["serving_default"]
    rows = [{name: x.numpy() for name, x in run(pictures=one[None]).items()} for one in pictures]
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


if __name__ == "__main__":
    model, asked = Path(sys.argv[1]), np.load(sys.argv[2])
    np.savez(sys.argv[3], **(of_saved_model if model.is_dir() else of_tflite)(model, asked))
