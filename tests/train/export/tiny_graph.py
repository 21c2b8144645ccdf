"""A graph of one convolution, and what it says of a picture."""

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray

PICTURES = np.random.default_rng(1).integers(0, 256, (1, 8, 8, 3), dtype=np.uint8)


def tiny_graph(*, scale: float, offset: float) -> onnx.GraphProto:
    """scale · pixel + offset, a convolution with a bias, a sum after the last convolution."""
    rng = np.random.default_rng(0)
    tensors = {
        "scale": np.float32(scale),
        "offset": np.float32(offset),
        "weights": rng.normal(size=(4, 3, 3, 3)).astype(np.float32),
        "bias": rng.normal(size=4).astype(np.float32),
        "one": np.float32(1),
    }
    node = onnx.helper.make_node
    nodes = [
        node("Cast", ["pictures"], ["cast"], "cast", to=onnx.TensorProto.FLOAT),
        node("Mul", ["cast", "scale"], ["scaled"], "mul"),
        node("Add", ["scaled", "offset"], ["shifted"], "first_add"),
        node("Transpose", ["shifted"], ["turned"], "turn", perm=[0, 3, 1, 2]),
        node("Conv", ["turned", "weights", "bias"], ["seen"], "conv"),
        node("Add", ["seen", "one"], ["out"], "last_add"),
    ]
    return onnx.helper.make_graph(
        nodes,
        "tiny",
        [onnx.helper.make_tensor_value_info("pictures", onnx.TensorProto.UINT8, [1, 8, 8, 3])],
        [onnx.helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, [1, 4, 6, 6])],
        [onnx.numpy_helper.from_array(value, name) for name, value in tensors.items()],
    )


def says(graph: onnx.GraphProto, pictures: NDArray[np.uint8] = PICTURES) -> NDArray[np.float32]:
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 9
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found: NDArray[np.float32] = session.run(["out"], {"pictures": pictures})[0]
    return found
