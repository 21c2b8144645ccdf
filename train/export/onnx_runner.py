"""A frozen network in ONNX Runtime: the outputs that Keras computes, in a third of the time."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from common.errors import ModelError
from train.export.onnx_export import PARITY, to_onnx
from train.networks.parts import inference

Outputs = dict[str, NDArray[np.float32]]
Runner = Callable[[NDArray[np.uint8]], Outputs]


def onnx_runner(network: keras.Model, examples: NDArray[np.uint8]) -> Runner:
    """A function that computes the outputs of a network, by name, for a batch of pictures.

    Safe to share between threads; each call uses one. Under another backend than TensorFlow,
    which the export needs, it is the network itself.

    Args:
        network: uint8 pictures in, a dictionary of outputs.
        examples: pictures on which both are compared.

    Raises:
        ModelError: they differ by more than `train.export.onnx_export.PARITY` of the largest value.
    """
    if keras.backend.backend() != "tensorflow":
        return network.predict_on_batch  # type: ignore[no-any-return]
    names = list(network.output)
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "frozen.onnx"
        to_onnx(network, file)
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # which would keep what the largest batch needed
        session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def run(pictures: NDArray[np.uint8]) -> Outputs:
        return dict(zip(names, session.run(names, {network.input.name: pictures}), strict=True))

    expected, found = inference(network)(examples), run(examples)
    apart = max(
        float(np.abs(found[name] - expected[name]).max() / max(1.0, np.abs(expected[name]).max()))
        for name in names
    )
    if not apart <= PARITY:
        raise ModelError(
            f"The frozen network is refused: in ONNX Runtime its features differ by {apart:.2g} of"
            f" the largest from Keras's, and at most {PARITY:g} is allowed."
        )
    return run
