"""The first convolution of an 8-bit file reads pixels as they come, four at a time."""

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from tests.train.tiny import says, tiny_graph
from train.pixels import read_groups, read_whole_pixels

node = onnx.helper.make_node


def test_the_first_convolution_reads_whole_pixels() -> None:
    """The same numbers, from pixels less a whole number in place of 127.5."""
    graph = tiny_graph(scale=1 / 127.5, offset=-1.0)
    before = says(graph)
    tensor, scale, zero = read_whole_pixels(graph, "pictures")
    assert tensor == "turned"
    assert zero in {127, 128}
    assert scale == pytest.approx(1 / 127.5)
    np.testing.assert_allclose(says(graph), before, atol=1e-5)


def test_a_graph_that_begins_otherwise_is_left_alone() -> None:
    graph = tiny_graph(scale=1 / 127.5, offset=1.0)  # below zero: no pixel is that
    before = graph.SerializeToString()
    assert read_whole_pixels(graph, "pictures") is None
    assert graph.SerializeToString() == before


def eight_bit_graph(
    *, high: int, wide: int, width: int, pads: list[int], stride: int = 2
) -> onnx.GraphProto:
    """A convolution of pixels in 8 bits, as the quantiser writes it, and its answers."""
    rng = np.random.default_rng(0)
    whole = NDArray[np.generic]
    tensors: dict[str, whole] = {
        "one": np.float32(1),
        "middle": np.uint8(128),
        "weights": rng.integers(-127, 128, (4, 3, high, wide), dtype=np.int8),
        "scales": rng.uniform(1e-3, 2e-3, 4).astype(np.float32),
        "no": np.zeros(4, np.int8),
        "bias": rng.integers(-9999, 9999, 4, dtype=np.int32),
        "none": np.zeros(4, np.int32),
    }
    nodes = [
        node("Transpose", ["pictures"], ["turned"], perm=[0, 3, 1, 2]),
        node("DequantizeLinear", ["turned", "one", "middle"], ["pixels"]),
        node("DequantizeLinear", ["weights", "scales", "no"], ["w"], axis=0),
        node("DequantizeLinear", ["bias", "scales", "none"], ["b"], axis=0),
        node("Conv", ["pixels", "w", "b"], ["seen"], "conv", kernel_shape=[high, wide],
             strides=[stride, stride], pads=pads),
        node("QuantizeLinear", ["seen", "one", "middle"], ["answers"]),
        node("DequantizeLinear", ["answers", "one", "middle"], ["out"]),
    ]  # fmt: skip
    info, types = onnx.helper.make_tensor_value_info, onnx.TensorProto
    return onnx.helper.make_graph(
        nodes,
        "tiny",
        [info("pictures", types.UINT8, ["batch", 8, width, 3])],
        [info("out", types.FLOAT, None)],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in tensors.items()],
    )


@pytest.mark.parametrize(
    ("high", "wide", "pads"),
    [
        (3, 3, [0, 0, 1, 1]),
        (3, 3, [1, 0, 1, 1]),
        (3, 3, [0, 0, 0, 2]),
        (5, 5, [2, 0, 2, 3]),
        (6, 6, [0, 0, 0, 4]),
        (3, 2, [0, 0, 0, 0]),
    ],
)
def test_four_pixels_at_a_time_give_the_same_numbers(high: int, wide: int, pads: list[int]) -> None:
    graph = eight_bit_graph(high=high, wide=wide, width=12, pads=pads)
    pictures = np.random.default_rng(1).integers(0, 256, (3, 8, 12, 3), dtype=np.uint8)
    before = says(graph, pictures)
    assert before.std() > 10
    assert read_groups(graph, "pictures")
    np.testing.assert_array_equal(says(graph, pictures), before)


@pytest.mark.parametrize(
    ("wide", "width", "pads", "stride"),
    [
        (3, 10, [0, 0, 1, 1], 2),  # the width is no multiple of 4
        (3, 12, [1, 1, 1, 1], 2),  # it begins outside of the picture
        (3, 12, [0, 0, 0, 0], 2),  # an answer is missing at the right
        (7, 12, [0, 0, 0, 5], 2),  # wider than two groups
        (3, 12, [0, 0, 2, 2], 1),
    ],
)
def test_other_convolutions_read_pixel_by_pixel(
    wide: int, width: int, pads: list[int], stride: int
) -> None:
    graph = eight_bit_graph(high=3, wide=wide, width=width, pads=pads, stride=stride)
    before = graph.SerializeToString()
    assert not read_groups(graph, "pictures")
    assert graph.SerializeToString() == before
