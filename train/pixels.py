"""The first convolution of an 8-bit file reads pixels as they come, four at a time."""

import numpy as np
import onnx
from onnx import numpy_helper

from train.graph import constant, producer

GROUP = 4
"""Pixels of a row that are read as one."""


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
    add.input[1] = constant(graph, f"{add.name}_whole", -scale * zero)
    del conv.input[2:]
    conv.input.append(
        constant(graph, f"{conv.name}_bias", bias + moved * weights.sum(axis=(1, 2, 3)))
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


def read_groups(graph: onnx.GraphProto, name: str) -> bool:
    """Let the first convolution read four pixels of a row as one, and answer for two places.

    Pixels of three bytes are the slowest that it can read; of twelve, it takes half the time (of
    MobileNetV2: 8 % of all). The sums are the same, of the same integers; zeros are added to them.

    Args:
        graph: after `skip_to_pixels`.
        name: of its input, uint8 (batch, height, width, 3).

    Returns:
        whether it begins so that this can be done: with a convolution of stride 2 that is at most 6
        wide and begins at the left edge, and a width that is a multiple of 4.
    """
    chain = _chain(graph, name)
    if [node.op_type for node in chain] != ["Transpose", "DequantizeLinear", "Conv"]:
        return False
    turn, _, conv = chain
    after = [node for node in graph.node if conv.output[0] in node.input]
    if [node.op_type for node in after] != ["QuantizeLinear"] or len(conv.input) < 3:
        return False
    given = {one.name: onnx.helper.get_attribute_value(one) for one in conv.attribute}
    high, wide = given.get("kernel_shape", [0, 0])
    top, left, bottom, right = given.get("pads", [0, 0, 0, 0])
    (picture,) = (one.type.tensor_type.shape.dim for one in graph.input if one.name == name)
    if (
        given.get("strides") != [2, 2]
        or given.get("group", 1) != 1
        or given.get("dilations", [1, 1]) != [1, 1]
        or given.get("auto_pad", b"NOTSET") != b"NOTSET"
        or picture[2].dim_value % GROUP
        or wide > GROUP + 2
        or (left, right - wide) not in ((0, -2), (0, -1))  # it answers for each second pixel
    ):
        return False
    outputs = _group_weights(graph, conv)
    grouped = {"kernel_shape": [high, 2], "strides": [2, 1], "pads": [top, 0, bottom, 1]}
    del conv.attribute[:]
    conv.attribute.extend(onnx.helper.make_attribute(*one) for one in grouped.items())
    turn.input[0] = f"{name}_grouped"
    reshape = _reshape(graph, name, turn.input[0], 3 * GROUP)
    graph.node.insert(list(graph.node).index(turn), reshape)
    _ungroup(graph, after[0], outputs)
    del graph.value_info[:]  # shapes, of which some are others now
    return True


def _group_weights(graph: onnx.GraphProto, conv: onnx.NodeProto) -> int:
    """Rewrite weights and bias; returns how many outputs there were."""
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    places = GROUP // 2
    weights, bias = (producer(graph, tensor) for tensor in conv.input[1:])
    old = tensors[weights.input[0]]
    outputs, colours, high, wide = old.shape
    new = np.zeros((places, outputs, GROUP, colours, high, 2), old.dtype)
    for place in range(places):
        for column in range(wide):
            group, pixel = divmod(2 * place + column, GROUP)
            new[place, :, pixel, :, :, group] = old[..., column]
    changed = {  # one value for each output, or one for all
        tensor: np.tile(tensors[tensor], places) if tensors[tensor].ndim else tensors[tensor]
        for tensor in (*weights.input[1:], *bias.input)
    }
    changed[weights.input[0]] = new.reshape(places * outputs, GROUP * colours, high, 2)
    for node in (weights, bias):
        for i, tensor in enumerate(node.input):
            node.input[i] = f"{tensor}_grouped"
    graph.initializer.extend(
        numpy_helper.from_array(values, f"{tensor}_grouped") for tensor, values in changed.items()
    )
    _forget_unused(graph)
    return int(outputs)


def _ungroup(graph: onnx.GraphProto, node: onnx.NodeProto, outputs: int) -> None:
    """Put a node's outputs for several places, (batch, places · outputs, …), into a row."""
    answer = node.output[0]
    grouped, turned, row = (f"{answer}_{step}" for step in ("grouped", "turned", "row"))
    node.output[0] = grouped
    steps = [
        onnx.helper.make_node("Transpose", [grouped], [turned], turned, perm=[0, 2, 3, 1]),
        _reshape(graph, turned, row, outputs),
        onnx.helper.make_node("Transpose", [row], [answer], row + "_turned", perm=[0, 3, 1, 2]),
    ]
    where = list(graph.node).index(node) + 1
    for step in reversed(steps):
        graph.node.insert(where, step)


def _reshape(graph: onnx.GraphProto, source: str, target: str, channels: int) -> onnx.NodeProto:
    """A node that gives (batch, height, width, channels) so many channels, and another width."""
    shape = constant(graph, f"{target}_shape", np.array([0, 0, -1, channels]))
    return onnx.helper.make_node("Reshape", [source, shape], [target], target)


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
