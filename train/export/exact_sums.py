"""Exact sums: what an 8-bit graph adds is rounded alike by every CPU."""

from collections.abc import Callable, Iterator
from operator import mul, truediv
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from train.export.graph import initializer, producer, quantised, replace_biases

STEPS = 4096
"""Ratios are multiples of 1 / STEPS: times a number of 8 bits, float32 holds them exactly."""
TRIED = 8
"""Ratios, and neighbours of a number, that are tried."""

Rule = Callable[[np.float32, np.float32], np.float32]


def make_sums_exact(file: Path) -> None:
    """Change the scales at the additions of a quantised graph a little (by less than 1 of 1,000).

    ONNX Runtime adds a and b as a · (scale of a / scale of the sum) + b · (…) in float32. CPUs with
    fused multiply-add round once, others twice. Where the sum lies half-way between two quantised
    values, they choose different ones, and later layers can amplify that one step to a tenth of the
    largest value of a class activation map. Where nothing has to be rounded, nothing differs.

    Args:
        file: as the quantiser wrote it, with QuantizeLinear and DequantizeLinear.
    """
    model = onnx.load(file)
    graph = model.graph
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    scales: dict[str, np.float32] = {}
    """Name of a scale -> its new value."""
    for node in graph.node:
        names = _scales_of_sum(graph, node)
        if not names:
            continue
        first, second, result = names
        if second in scales:
            first, second = second, first
        if second in scales or result in scales:
            continue  # no scale is left to choose: this sum stays as it is
        scales[first] = scales.get(first, np.float32(found[first]))
        scales[result] = _exact(np.float32(found[result]), scales[first], _under, _under)
        scales[second] = _exact(np.float32(found[second]), scales[result], truediv, mul)
    for node in graph.node:
        if node.op_type == "Conv" and len(node.input) > 2:
            _rescale_bias(graph, node, scales)
    for tensor in graph.initializer:
        if tensor.name in scales:
            tensor.CopyFrom(numpy_helper.from_array(np.array(scales[tensor.name]), tensor.name))
    onnx.save(model, file)


def _scales_of_sum(graph: onnx.GraphProto, node: onnx.NodeProto) -> tuple[str, str, str] | None:
    """Names of the scales of both terms and of the sum, where all three are in 8 bits."""
    if node.op_type != "Add":
        return None
    before = [one for one in graph.node if {*one.output} & {*node.input}]
    after = [one for one in graph.node if node.output[0] in one.input]
    kinds = [one.op_type for one in before], [one.op_type for one in after]
    if kinds != (["DequantizeLinear"] * 2, ["QuantizeLinear"]):
        return None
    first, second = (one.input[1] for one in before)
    return first, second, after[0].input[1]


def _exact(near: np.float32, other: np.float32, ratio_of: Rule, number_of: Rule) -> np.float32:
    """A number near another one, whose ratio to a third is exact; `near` itself if none is found.

    Args:
        near: what it is to be near to.
        other: the third number.
        ratio_of: a number, `other` -> their ratio.
        number_of: a ratio, `other` -> the number.
    """
    for ratio in _ratios(ratio_of(near, other)):
        for number in _around(number_of(ratio, other)):
            if ratio_of(number, other) == ratio:
                return number
    return near


def _under(number: np.float32, dividend: np.float32) -> np.float32:
    """The ratio where a number is the divisor; from a ratio, the divisor again."""
    return dividend / number


def _ratios(near: np.float32) -> Iterator[np.float32]:
    """Multiples of 1 / STEPS, the nearest first."""
    middle = round(float(near) * STEPS)
    yield from (
        np.float32(max(1, middle + i) / STEPS) for i in sorted(range(-TRIED, TRIED), key=abs)
    )


def _around(middle: np.float32) -> Iterator[np.float32]:
    """A number of float32 and its neighbours."""
    yield middle
    for end in (np.float32(0), np.float32(np.inf)):
        number = middle
        for _ in range(TRIED):
            number = np.nextafter(number, end)
            yield number


def _rescale_bias(
    graph: onnx.GraphProto, node: onnx.NodeProto, scales: dict[str, np.float32]
) -> None:
    """Keep a bias as it was: its scale is that of the input times that of the weights."""
    before = producer(graph, node.input[0])
    if before.op_type != "DequantizeLinear" or before.input[1] not in scales:
        return
    values, steps = quantised(graph, node.input[2])
    old = numpy_helper.to_array(initializer(graph, before.input[1]))
    factor = scales[before.input[1]] / old
    new = (numpy_helper.to_array(steps) * factor).astype(np.float32)
    replace_biases(values, numpy_helper.to_array(values) / np.float64(factor))
    steps.CopyFrom(numpy_helper.from_array(new, steps.name))
