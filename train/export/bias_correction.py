"""Bias correction: the layers of an 8-bit network answer, on average, what the float ones do."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from train.export.graph import quantised, replace_biases

Feed = dict[str, NDArray[np.uint8]]


def correct_biases(floats: Path, quantised: Path, feeds: Iterable[Feed]) -> None:
    """Take what rounded weights add to the mean of each channel out of its bias.

    What enters a layer is mostly positive, so weights that were rounded up or down on average shift
    what leaves it. The shift is expected to be that of the weights, times the mean of what enters
    (Nagel et al. 2019, arXiv:1906.04721, section 4.2); borders are not told apart.

    Args:
        floats: the graph as the quantiser read it.
        quantised: the graph that it wrote, to be changed; convolutions keep their names.
        feeds: pictures on which the means are measured, one by one.
    """
    source, target = onnx.load(floats), onnx.load(quantised)
    weights = {tensor.name: tensor for tensor in source.graph.initializer}
    own = {node.name: node for node in target.graph.node if node.op_type == "Conv"}
    convolutions = [node for node in source.graph.node if node.op_type == "Conv"]
    entering = _means(source, [node.input[0] for node in convolutions], feeds)
    for node in convolutions:
        inputs = own[node.name].input
        if len(inputs) < 3 or inputs[1] == node.input[1]:
            continue  # without a bias, or left in float
        rounded = _dequantised(target.graph, inputs[1])
        moved = (rounded - numpy_helper.to_array(weights[node.input[1]])).sum(axis=(2, 3))
        # (groups, channels out of one, channels into one)
        mean = entering[node.input[0]]
        groups = len(mean) // moved.shape[1]
        apart = moved.reshape(groups, -1, moved.shape[1])
        shift = np.einsum("goi,gi->go", apart, mean.reshape(groups, -1)).ravel()
        _subtract(target.graph, inputs[2], shift)
    onnx.save(target, quantised)


def _means(
    model: onnx.ModelProto, tensors: list[str], feeds: Iterable[Feed]
) -> dict[str, NDArray[np.float64]]:
    """The mean of each channel of some tensors, over all pictures and places."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    names = {tensor: f"mean of {tensor}" for tensor in dict.fromkeys(tensors)}
    for tensor, mean in names.items():
        watched.graph.node.append(helper.make_node("GlobalAveragePool", [tensor], [mean]))
        shapeless = helper.make_tensor_value_info(mean, onnx.TensorProto.FLOAT, None)
        watched.graph.output.append(shapeless)
    session = ort.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    rows = [[value.ravel() for value in session.run([*names.values()], feed)] for feed in feeds]
    means = [np.mean(values, axis=0, dtype=np.float64) for values in zip(*rows, strict=True)]
    return dict(zip(names, means, strict=True))


def _dequantised(graph: onnx.GraphProto, output: str) -> NDArray[np.float64]:
    values, scales = (numpy_helper.to_array(tensor) for tensor in quantised(graph, output))
    return values * scales.astype(np.float64).reshape(-1, 1, 1, 1)


def _subtract(graph: onnx.GraphProto, bias: str, shift: NDArray[np.float64]) -> None:
    values, scales = quantised(graph, bias)
    steps = numpy_helper.to_array(scales).astype(np.float64)
    replace_biases(values, numpy_helper.to_array(values) - shift / steps)
