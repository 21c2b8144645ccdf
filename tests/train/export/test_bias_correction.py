"""Rounded weights do not shift what a layer answers on average."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from train.export.bias_correction import correct_biases

PICTURES = np.random.default_rng(0).integers(0, 256, (16, 1, 3, 24, 24), dtype=np.uint8)
FEEDS = [{"pictures": picture} for picture in PICTURES]
STEPS = 64
"""From 0 to the largest weight of a channel."""


class Reader(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self) -> None:
        self.feeds = iter(FEEDS)

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        return next(self.feeds, None)


def weights(rng: np.random.Generator, *shape: int) -> NDArray[np.float32]:
    """All but the largest of each channel are rounded up in some channels, and down in others."""
    steps = rng.integers(1, STEPS // 2, shape) + rng.choice([0.4, 0.6], (shape[0], 1, 1, 1))
    steps.reshape(shape[0], -1)[:, 0] = STEPS
    return (4 * steps / STEPS / np.prod(shape[1:])).astype(np.float32)


@pytest.fixture
def floats(tmp_path: Path) -> Path:
    """A convolution of all channels, one of each channel, one of halves, and one without a bias."""
    rng = np.random.default_rng(1)
    node, tensor = onnx.helper.make_node, onnx.numpy_helper.from_array
    pads = {"pads": [1, 1, 1, 1]}
    nodes = [
        node("Cast", ["pictures"], ["cast"], "cast", to=onnx.TensorProto.FLOAT),
        node("Mul", ["cast", "scale"], ["a"], "mul"),
        node("Conv", ["a", "w1", "b1"], ["b"], "all", **pads),
        node("Clip", ["b", "zero", "six"], ["c"], "relu6"),
        node("Conv", ["c", "w2", "b2"], ["d"], "each", group=4, **pads),
        node("Conv", ["d", "w3", "b3"], ["e"], "halves", group=2),
        node("Conv", ["e", "w4"], ["out"], "unbiased"),
    ]
    tensors = {
        "scale": np.float32(1 / 255), "zero": np.float32(0), "six": np.float32(6),
        "w1": weights(rng, 4, 3, 3, 3), "w2": weights(rng, 4, 1, 3, 3),
        "w3": weights(rng, 4, 2, 1, 1), "w4": weights(rng, 5, 4, 1, 1),
        **{name: rng.normal(scale=0.1, size=4).astype(np.float32) for name in ("b1", "b2", "b3")},
    }  # fmt: skip
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes,
        "layers",
        [value("pictures", onnx.TensorProto.UINT8, [1, 3, 24, 24])],
        [value(name, onnx.TensorProto.FLOAT, None) for name in ("d", "e", "out")],
        [tensor(array, name) for name, array in tensors.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.save(model, tmp_path / "floats.onnx")
    return tmp_path / "floats.onnx"


def means(file: Path) -> list[NDArray[np.float32]]:
    """Of each channel of each output."""
    session = ort.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    rows = [session.run(None, {"pictures": picture}) for picture in PICTURES]
    return [np.mean(values, axis=(0, 1, 3, 4)) for values in zip(*rows, strict=True)]


def test_the_mean_of_each_channel_is_that_of_the_float_network(floats: Path) -> None:
    eight = floats.with_name("eight.onnx")
    quantize_static(
        floats, eight, Reader(), quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv", "Clip"], per_channel=True, reduce_range=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
    )  # fmt: skip
    wanted, before = means(floats), means(eight)
    correct_biases(floats, eight, FEEDS)
    for right, then, now in zip(wanted[:2], before[:2], means(eight)[:2], strict=True):
        assert np.abs(now - right).max() < 0.25 * np.abs(then - right).max()
    # Nothing is known of a layer without a bias; what enters it is right.
    assert np.abs(means(eight)[2] - wanted[2]).max() < np.abs(before[2] - wanted[2]).max()
