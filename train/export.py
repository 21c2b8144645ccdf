"""From Keras to ONNX, and proof that both say the same. The one module that knows TensorFlow."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from common.errors import ModelError
from train.imagenet import OUTPUT

OPSET = 17
PARITY = 1e-4
"""Largest allowed difference between a score by Keras and by ONNX Runtime."""
FAMILIARITY_PARITY = 1e-2
"""The same for familiarity, whose ImageNet head is stored in 16 bits."""


def to_onnx(graph: keras.Model, file: Path) -> None:
    """Write a graph as ONNX: one uint8 input, outputs by the names of `graph`'s dictionary.

    Goes through a TensorFlow function, since `Model.export(format="onnx")` leaves dangling inputs
    for some networks and renames outputs.

    Raises:
        ModelError: the converter did not keep the names.
    """
    if keras.backend.backend() != "tensorflow":
        raise ModelError(
            "Exporting needs Keras on TensorFlow:"
            " repeat with KERAS_BACKEND=tensorflow python -m train export."
        )
    import tensorflow as tf
    import tf2onnx

    name = graph.inputs[0].name
    signature = [tf.TensorSpec((None, *graph.inputs[0].shape[1:]), tf.uint8, name=name)]
    function = tf.function(
        lambda pictures: graph(pictures, training=False), input_signature=signature
    )
    proto, _ = tf2onnx.convert.from_function(function, signature, opset=OPSET)
    for value in proto.graph.output:  # the converter leaves a made-up name for each open dimension
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    _store_in_16_bits(proto.graph)
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    inputs = [value.name for value in proto.graph.input]
    outputs = {value.name for value in proto.graph.output}
    if inputs != [name] or outputs != set(graph.output):
        raise ModelError(f"The export renamed its inputs or outputs: {inputs}, {outputs}.")
    file.write_bytes(proto.SerializeToString())


def _store_in_16_bits(graph: Any) -> None:
    """Keep the matrices of familiarity in 16 bits: they would be a third of the file.

    These are the ImageNet head's kernel and the subspace, which is a constant of the graph. The
    cast back to 32 bits is done once, when the file is loaded.
    """
    import onnx

    for kernel in list(graph.initializer):
        if (f"/{OUTPUT}" in kernel.name or "/Const" in kernel.name) and len(kernel.dims) == 2:
            half = onnx.numpy_helper.to_array(kernel).astype(np.float16)
            name = f"{kernel.name}_half"
            cast = onnx.helper.make_node("Cast", [name], [kernel.name], to=onnx.TensorProto.FLOAT)
            graph.initializer.remove(kernel)
            graph.initializer.append(onnx.numpy_helper.from_array(half, name))
            graph.node.insert(0, cast)


def check_parity(graph: keras.Model, file: Path, pictures: NDArray[np.uint8]) -> dict[str, float]:
    """Compare Keras and ONNX Runtime on pictures.

    Args:
        pictures: uint8 (batch, height, width, 3); real photos, so that it means something.

    Returns:
        output -> largest absolute difference found.

    Raises:
        ModelError: a score differs by more than `PARITY`.
    """
    session = ort.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    expected: dict[str, Any] = graph.predict(pictures, verbose=0)
    found = dict(
        zip(expected, session.run(list(expected), {graph.inputs[0].name: pictures}), strict=True)
    )
    apart = {name: float(np.abs(expected[name] - found[name]).max()) for name in expected}
    if apart.get("familiarity", 0) > FAMILIARITY_PARITY:
        raise ModelError(
            f"The exported model is refused: its familiarity differs from Keras's by"
            f" {apart['familiarity']:.2g}, and at most {FAMILIARITY_PARITY:g} is allowed."
        )
    if not apart["scores"] <= PARITY:
        raise ModelError(
            f"The exported model is refused: its scores differ from Keras's by"
            f" {apart['scores']:.2g}, and at most {PARITY:g} is allowed."
        )
    return apart
