"""Changes to a model's graph that its 8-bit file needs."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from common.errors import DataError
from common.model.card import ModelCard


def adjust(file: Path, card: ModelCard, sharper: float, shift: float) -> None:
    """Multiply a graph's logits by a factor, and subtract from its log-odds of familiarity."""
    model = onnx.load(file)
    names = card.outputs
    _before(model.graph, names.scores, "Softmax", "Mul", sharper)
    if names.maps:  # in the logits' scale
        _after(model.graph, names.maps, "Mul", sharper)
    if names.familiarity:
        _before(model.graph, names.familiarity, "Sigmoid", "Sub", shift)
    onnx.save(model, file)


def outside_of_convolutions(graph: onnx.GraphProto, kind: str) -> list[str]:
    """Names of the nodes of a kind that do not lie between two convolutions."""
    after = _reached(graph.node)
    before = _reached(
        onnx.helper.make_node(node.op_type, node.output, node.input) for node in graph.node[::-1]
    )
    return [
        node.name
        for node in graph.node
        if node.op_type == kind and not (after & {*node.input} and before & {*node.output})
    ]


def _reached(nodes: Iterable[onnx.NodeProto]) -> set[str]:
    """Tensors that depend on a convolution."""
    found: set[str] = set()
    for node in nodes:
        if node.op_type == "Conv" or found & {*node.input}:
            found |= {*node.output}
    return found


def constant(graph: onnx.GraphProto, name: str, value: np.ndarray | float) -> str:
    """Add a tensor to a graph, in float32 if it is not of whole numbers; returns its name."""
    values = np.asarray(value)
    if values.dtype != np.int64:
        values = values.astype(np.float32)
    graph.initializer.append(numpy_helper.from_array(values, name))
    return name


def replace_biases(tensor: onnx.TensorProto, values: np.ndarray) -> None:
    """Put other numbers into a tensor of int32: rounded, and kept inside its range."""
    limits = np.iinfo(np.int32)
    whole = np.clip(np.round(values), limits.min, limits.max).astype(np.int32)
    tensor.CopyFrom(numpy_helper.from_array(whole, tensor.name))


def producer(graph: onnx.GraphProto, tensor: str) -> onnx.NodeProto:
    """The node that makes a tensor."""
    (node,) = (node for node in graph.node if tensor in node.output)
    return node


def initializer(graph: onnx.GraphProto, name: str) -> onnx.TensorProto:
    """A tensor that the graph holds, to be read or changed."""
    (tensor,) = (tensor for tensor in graph.initializer if tensor.name == name)
    return tensor


def quantised(graph: onnx.GraphProto, tensor: str) -> tuple[onnx.TensorProto, onnx.TensorProto]:
    """The whole numbers and the scales that a DequantizeLinear makes a tensor of."""
    values, scales = producer(graph, tensor).input[:2]
    return initializer(graph, values), initializer(graph, scales)


def _before(graph: onnx.GraphProto, output: str, kind: str, op: str, value: float) -> None:
    """Put an operation with a number in front of the node of some kind that makes an output."""
    node = producer(graph, output)
    if node.op_type != kind:
        raise DataError(f"The output {output} is made by {node.op_type}, where {kind} is expected.")
    inner = f"{output}_adjusted"
    _insert(graph, node, op, node.input[0], inner, value)
    node.input[0] = inner


def _after(graph: onnx.GraphProto, output: str, op: str, value: float) -> None:
    """Put an operation with a number behind the node that makes an output."""
    node = producer(graph, output)
    inner = f"{output}_unadjusted"
    node.output[list(node.output).index(output)] = inner
    _insert(graph, None, op, inner, output, value)


def _insert(
    graph: onnx.GraphProto,
    where: onnx.NodeProto | None,
    op: str,
    source: str,
    target: str,
    value: float,
) -> None:
    number = constant(graph, f"{target}_{op.lower()}", value)
    node = onnx.helper.make_node(op, [source, number], [target])
    nodes = list(graph.node)
    index = len(nodes) if where is None else nodes.index(where)
    graph.node.insert(index, node)
