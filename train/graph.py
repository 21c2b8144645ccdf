"""Changes to a model's graph that its 8-bit file needs."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from common.card import ModelCard
from common.errors import DataError


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


def read_whole_pixels(graph: onnx.GraphProto, name: str) -> tuple[str, float, int] | None:
    """Let the first convolution see pixels less a whole number, times a scale.

    A graph that begins with scale · pixel + offset, offset = -scale · z, is changed to
    scale · (pixel - round(z)); what that moves goes into the convolution's bias. In 8 bits, with
    that scale and zero point, the pixels then are what the convolution reads, as they come.

    Args:
        name: of the graph's input, uint8.

    Returns:
        the convolution's input, its scale and its zero point; None if the graph begins otherwise.
    """
    chain = _chain(graph, name)
    if [node.op_type for node in chain] != ["Cast", "Mul", "Add", "Transpose", "Conv"]:
        return None
    _, mul, add, _, conv = chain
    values = {tensor.name: tensor for tensor in graph.initializer}
    factors = [values.get(node.input[1]) for node in (mul, add)]
    if None in factors or conv.input[1] not in values:
        return None
    scale, offset = (numpy_helper.to_array(factor) for factor in factors)
    if scale.size != 1 or offset.size != 1 or not 0 <= -offset / scale <= 255:
        return None
    zero = round(float(-offset / scale))
    moved = float(offset + scale * zero)
    weights = numpy_helper.to_array(values[conv.input[1]])
    bias = numpy_helper.to_array(values[conv.input[2]]) if len(conv.input) > 2 else 0
    add.input[1] = _constant(graph, f"{add.name}_whole", -scale * zero)
    del conv.input[2:]
    conv.input.append(
        _constant(graph, f"{conv.name}_bias", bias + moved * weights.sum(axis=(1, 2, 3)))
    )
    _forget_unused(graph)
    return conv.input[0], float(scale), zero


def skip_to_pixels(graph: onnx.GraphProto, name: str, tensor: str) -> None:
    """After `read_whole_pixels` and quantisation: no arithmetic between the input and `tensor`."""
    (quantised,) = (
        node for node in graph.node if node.op_type == "QuantizeLinear" and node.input[0] == tensor
    )
    chain = _chain(graph, name)
    turn = next(node for node in chain if node.op_type == "Transpose")
    needless = [*chain[: chain.index(turn)], quantised]
    turn.input[0] = name
    turn.output[0] = quantised.output[0]
    for node in needless:
        graph.node.remove(node)
    _forget_unused(graph)


def _forget_unused(graph: onnx.GraphProto) -> None:
    used = {tensor for node in graph.node for tensor in node.input}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(tensor)


def _chain(graph: onnx.GraphProto, tensor: str) -> list[onnx.NodeProto]:
    """The nodes behind a tensor, as long as each has one successor, up to a convolution."""
    found: list[onnx.NodeProto] = []
    while not found or found[-1].op_type != "Conv":
        nodes = [node for node in graph.node if tensor in node.input]
        if len(nodes) != 1:
            break
        found += nodes
        tensor = nodes[0].output[0]
    return found


def _reached(nodes: Iterable[onnx.NodeProto]) -> set[str]:
    """Tensors that depend on a convolution."""
    found: set[str] = set()
    for node in nodes:
        if node.op_type == "Conv" or found & {*node.input}:
            found |= {*node.output}
    return found


def _constant(graph: onnx.GraphProto, name: str, value: np.ndarray | float) -> str:
    graph.initializer.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
    return name


def _producer(graph: onnx.GraphProto, tensor: str) -> onnx.NodeProto:
    (node,) = (node for node in graph.node if tensor in node.output)
    return node


def _before(graph: onnx.GraphProto, output: str, kind: str, op: str, value: float) -> None:
    """Put an operation with a number in front of the node of some kind that makes an output."""
    node = _producer(graph, output)
    if node.op_type != kind:
        raise DataError(f"The output {output} is made by {node.op_type}, where {kind} is expected.")
    inner = f"{output}_adjusted"
    _insert(graph, node, op, node.input[0], inner, value)
    node.input[0] = inner


def _after(graph: onnx.GraphProto, output: str, op: str, value: float) -> None:
    """Put an operation with a number behind the node that makes an output."""
    node = _producer(graph, output)
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
    constant = _constant(graph, f"{target}_{op.lower()}", value)
    node = onnx.helper.make_node(op, [source, constant], [target])
    nodes = list(graph.node)
    index = len(nodes) if where is None else nodes.index(where)
    graph.node.insert(index, node)
