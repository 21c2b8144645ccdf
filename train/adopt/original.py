"""What a SavedModel folder or a .tflite file answers in TensorFlow, as a program of its own.

    python -m train.adopt.original MODEL INPUTS.npy ANSWERS.npz

A damaged file can end TensorFlow's process without an exception: here it is not the caller's.
INPUTS: float32, (pictures, …) as training saw them. ANSWERS: `rows`, float32 (pictures, …); what
8-bit inputs and outputs are worth, `input` and `output`, (scale, zero point) each; `eight_bit`,
whether the network computes in 8 bits.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Answers = dict[str, NDArray[Any]]
PLAIN = np.array([1.0, 0.0])
"""(scale, zero point) of numbers that stand for themselves."""


def of_tflite(file: Path, inputs: NDArray[np.float32]) -> Answers:
    """Ask TensorFlow Lite, picture by picture."""
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(str(file))
    taken = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(taken["index"], (1, *inputs.shape[1:]))
    interpreter.allocate_tensors()
    given = interpreter.get_output_details()[0]
    before, after = _worth(taken), _worth(given)
    rows = []
    for one in inputs:
        interpreter.set_tensor(taken["index"], _as_integers(one[None], taken["dtype"], before))
        interpreter.invoke()
        found = interpreter.get_tensor(given["index"]).astype(np.float32)
        rows.append((found - after[1]) * after[0])
    kinds = {np.dtype(tensor["dtype"]) for tensor in interpreter.get_tensor_details()}
    small = not kinds.isdisjoint({np.dtype(name) for name in ("int8", "uint8", "int16")})
    return {
        "rows": np.concatenate(rows).astype(np.float32),
        "input": before,
        "output": after,
        "eight_bit": np.array(small),
    }


def of_saved_model(folder: Path, inputs: NDArray[np.float32]) -> Answers:
    """Ask TensorFlow for the answers of the signature that servers use."""
    import tensorflow as tf

    signature = tf.saved_model.load(str(folder)).signatures["serving_default"]
    [(name, spec)] = signature.structured_input_signature[1].items()
    rows = []
    for one in inputs:
        x = _as_integers(one[None], spec.dtype.as_numpy_dtype, PLAIN)
        [found] = signature(**{name: tf.constant(x)}).values()
        rows.append(found.numpy().astype(np.float32))
    return {
        "rows": np.concatenate(rows),
        "input": PLAIN,
        "output": PLAIN,
        "eight_bit": np.array(False),
    }


def _worth(tensor: dict[str, Any]) -> NDArray[np.float64]:
    scale, zero_point = tensor["quantization"]
    return np.array([scale, zero_point]) if scale else PLAIN


def _as_integers(x: NDArray[np.float32], kind: Any, worth: NDArray[np.float64]) -> NDArray[Any]:
    """The same numbers as a network takes them; as they are where it takes floats."""
    if not np.issubdtype(kind, np.integer):
        return x.astype(kind)
    limits = np.iinfo(kind)
    steps = np.round(x / np.float32(worth[0])) + worth[1]
    return np.clip(steps, limits.min, limits.max).astype(kind)


if __name__ == "__main__":
    model, asked = Path(sys.argv[1]), np.load(sys.argv[2])
    np.savez(sys.argv[3], **(of_saved_model if model.is_dir() else of_tflite)(model, asked))
