"""Sums of an 8-bit graph need no rounding before their last step."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from support.shared import ROOT
from train.export.exact_sums import STEPS, make_sums_exact

PICTURES = np.random.default_rng(0).normal(size=(8, 1, 4, 16, 16)).astype(np.float32)


class Reader(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self) -> None:
        self.feeds = iter({"x": picture} for picture in PICTURES)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self.feeds, None)


@pytest.fixture
def eight(tmp_path: Path) -> Path:
    """Three blocks, each of which adds what it makes of its input to it."""
    rng = np.random.default_rng(1)
    node, value = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    nodes = [node("Conv", ["x", "w0", "b0"], ["s0"], "first")]
    tensors = {"w0": (4, 4, 1, 1), "b0": (4,), "w9": (4, 4, 1, 1), "b9": (4,)}
    for i in (1, 2, 3):
        nodes.append(node("Conv", [f"s{i - 1}", f"w{i}", f"b{i}"], [f"c{i}"], f"block{i}"))
        nodes.append(node("Add", [f"c{i}", f"s{i - 1}"], [f"s{i}"], f"add{i}"))
        tensors |= {f"w{i}": (4, 4, 1, 1), f"b{i}": (4,)}
    nodes.append(node("Conv", ["s3", "w9", "b9"], ["out"], "last"))
    graph = onnx.helper.make_graph(
        nodes,
        "blocks",
        [value("x", onnx.TensorProto.FLOAT, [1, 4, 16, 16])],
        [value("out", onnx.TensorProto.FLOAT, [1, 4, 16, 16])],
        [
            numpy_helper.from_array(rng.normal(size=shape).astype(np.float32), name)
            for name, shape in tensors.items()
        ],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.save(model, tmp_path / "floats.onnx")
    file = tmp_path / "eight.onnx"
    quantize_static(
        tmp_path / "floats.onnx", file, Reader(), quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv", "Add"], per_channel=True, reduce_range=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
    )  # fmt: skip
    return file


def ratios(file: Path) -> NDArray[np.float32]:
    """(sums, 2): the scales of both terms by that of the sum, as ONNX Runtime adds them."""
    options = ort.SessionOptions()
    fused = file.with_suffix(".fused.onnx")
    options.optimized_model_filepath = str(fused)
    ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    graph = onnx.load(fused).graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    sums = [node for node in graph.node if node.op_type == "QLinearAdd"]
    return np.array(
        [[values[node.input[i]] / values[node.input[6]] for i in (1, 4)] for node in sums]
    )


def answers(file: Path) -> NDArray[np.float32]:
    session = ort.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {"x": picture})[0] for picture in PICTURES])


def exact(values: NDArray[np.float32]) -> NDArray[np.bool_]:
    return values * STEPS == np.round(values * STEPS)


def test_ratios_become_exact_and_answers_stay(eight: Path) -> None:
    before, then = ratios(eight), answers(eight)
    assert not exact(before).all()
    make_sums_exact(eight)
    after, now = ratios(eight), answers(eight)
    assert len(after) == 3
    assert exact(after).all()
    np.testing.assert_allclose(after, before, rtol=0.003)
    assert np.abs(now - then).mean() < 0.02 * np.abs(then).mean()


def test_biases_stay_inside_of_32_bits(eight: Path) -> None:
    """A channel with hardly any weights counts its bias in tiny steps."""
    model = onnx.load(eight)
    (bias,) = (one for one in model.graph.initializer if one.name == "b2_quantized")
    most = np.full(4, np.iinfo(np.int32).max, np.int32)
    bias.CopyFrom(numpy_helper.from_array(most, bias.name))
    onnx.save(model, eight)
    make_sums_exact(eight)
    (bias,) = (one for one in onnx.load(eight).graph.initializer if one.name == "b2_quantized")
    assert (numpy_helper.to_array(bias) > 0.99 * most).all()


def test_the_shipped_file_adds_exactly(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes((ROOT / "models" / "cat_dog" / "model.int8.onnx").read_bytes())
    found = ratios(file)
    assert len(found) > 10
    assert exact(found).all()
