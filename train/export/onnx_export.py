"""From Keras to ONNX, and proof that both say the same. The one module that knows TensorFlow."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from common.errors import ModelError
from train.networks.imagenet_head import OUTPUT
from train.networks.parts import inference
from train.usage import tidied_up

OPSET = 17
BATCH = 8
"""Pictures compared at a time: more only take memory."""
PARITY = 1e-4
"""Largest allowed difference between a score by Keras and by ONNX Runtime."""
FAMILIARITY_PARITY = 2e-2
"""The same for familiarity, whose ImageNet head is kept in 8 bits."""


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
    with tidied_up():  # the converter copies the graph, weights and all, dozens of times
        proto, _ = tf2onnx.convert.from_function(function, signature, opset=OPSET)
    for value in proto.graph.output:  # the converter leaves a made-up name for each open dimension
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    inputs = [value.name for value in proto.graph.input]
    outputs = {value.name for value in proto.graph.output}
    if inputs != [name] or outputs != set(graph.output):
        raise ModelError(f"The export renamed its inputs or outputs: {inputs}, {outputs}.")
    file.write_bytes(proto.SerializeToString())
    _imagenet_head_in_8_bits(file)


def _imagenet_head_in_8_bits(file: Path) -> None:
    """Keep the ImageNet head, where there is one, in 8 bits.

    Its matrix is a third of the file and, since each picture reads all of it, most of what
    familiarity costs. Half the range of the weights is left unused, so that sums of two products
    fit into the 16 bits that older processors have for them.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    nodes = onnx.load(file).graph.node
    head = [node.name for node in nodes if node.op_type == "MatMul" and f"/{OUTPUT}" in node.name]
    if not head:
        return
    with no_advice():
        quantize_dynamic(
            file,
            file,
            op_types_to_quantize=["MatMul"],
            nodes_to_quantize=head,
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
        )


@contextmanager
def no_advice() -> Iterator[None]:
    """Without the quantiser's advice to optimise first: that is done, here or when a file loads."""

    def other(record: logging.LogRecord) -> bool:
        return "pre-process" not in record.getMessage()

    root = logging.getLogger()
    root.addFilter(other)
    try:
        yield
    finally:
        root.removeFilter(other)


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
    batches = np.array_split(pictures, -(-len(pictures) // BATCH))
    said = [*map(inference(graph), batches)]
    expected = {name: np.concatenate([one[name] for one in said]) for name in said[0]}
    runs = [session.run(list(expected), {graph.inputs[0].name: batch}) for batch in batches]
    found = dict(zip(expected, map(np.concatenate, zip(*runs, strict=True)), strict=True))
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
