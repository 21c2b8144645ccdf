"""The graphs around a converted network: pictures in front of it, scores behind."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from common.errors import DataError
from train.adopt.adoption import GREY, Outputs, Preprocessing
from train.networks.parts import PICTURES

PREFIX = "adopted/"
PREPARED, ROW, SCORES = "prepared", "row", "scores"
_FLOAT, _UINT8, _INT8 = TensorProto.FLOAT, TensorProto.UINT8, TensorProto.INT8
Node = onnx.NodeProto
Value = onnx.ValueInfoProto


class WrappedNetwork:
    """A converted network, and what has to be around it.

    It is run picture by picture where it was made for one at a time, or where what it rounds to
    depends on the pictures beside.

    Args:
        proto: what the converter made.
        name: what to call the file in errors.
        labels: how many there are.

    Raises:
        DataError: inputs, outputs, sizes or labels that do not fit.
    """

    side: int
    """Of the pictures to take, in pixels."""

    def __init__(
        self, proto: onnx.ModelProto, name: str, before: Preprocessing, labels: int
    ) -> None:
        self._proto = onnx.compose.add_prefix(proto, PREFIX)
        self._before = before
        graph = self._proto.graph
        constants = {value.name for value in graph.initializer}
        inputs = [value for value in graph.input if value.name not in constants]
        if len(inputs) != 1:
            raise DataError(f"{name} takes {len(inputs)} inputs; only networks of one are adopted.")
        if len(graph.output) != 1:
            raise DataError(
                f"{name} has {len(graph.output)} outputs side by side; only networks of one are"
                " adopted."
            )
        self._input, self._output = inputs[0], graph.output[0]
        for value in (self._input, self._output):
            element = value.type.tensor_type.elem_type
            if element not in (_FLOAT, _UINT8, _INT8):
                kind = TensorProto.DataType.Name(element).lower()
                raise DataError(f"{name} takes or gives {kind}, not floats or 8-bit numbers.")
        batch = self._set_sizes(name, before.side)
        self._count = _outputs(self._output, name, labels)
        kinds = {node.op_type for node in graph.node}
        self._alone = batch == 1 or "DynamicQuantizeLinear" in kinds

    def _set_sizes(self, name: str, asked: int | None) -> int | None:
        """Side, channels and their order; returns the pictures at a time, None for any."""
        batch, *shape = _shape(self._input) or [None]
        if len(shape) != 3 or not {shape[0], shape[2]} & {1, 3}:
            raise DataError(f"{name} takes {tuple(shape)}, not pictures in colour or grey.")
        if batch not in (None, 1):
            raise DataError(f"{name} takes {batch} pictures at a time, not one or any number.")
        self._channels_first = shape[2] not in (1, 3)
        channels, height, width = shape if self._channels_first else [shape[2], *shape[:2]]
        if height and width and height != width:
            raise DataError(f"{name} takes {height}x{width}; only squares are adopted.")
        if height and asked not in (None, height):
            raise DataError(f"{name} takes {height}x{height} pictures, not {asked}x{asked}.")
        side = asked or height
        if side is None:
            raise DataError("--size is needed: the file does not say which pictures it takes.")
        self.side = side
        sides = [side, side]
        shape = [channels, *sides] if self._channels_first else [*sides, channels]
        self._grey = channels == 1
        self._prepared = helper.make_tensor_value_info(PREPARED, _FLOAT, ["batch", *shape])
        return batch

    def front(self) -> onnx.ModelProto:
        """`pictures` -> `prepared`: what training saw of them, float32."""
        nodes = [
            helper.make_node("Cast", [PICTURES], ["float"], to=_FLOAT),
            helper.make_node("Mul", ["float", "scale"], ["scaled"]),
            helper.make_node("Add", ["scaled", "offset"], ["shifted"]),
        ]
        last = "shifted"
        if self._grey:
            nodes.append(helper.make_node("MatMul", [last, "luminance"], ["grey"]))
            last = "grey"
        order = [0, 3, 1, 2] if self._channels_first else [0, 1, 2, 3]
        nodes.append(helper.make_node("Transpose", [last], [PREPARED], perm=order))
        constants = {
            "scale": np.float32(self._before.scale or 1),
            "offset": np.float32(self._before.offset),
            "luminance": GREY.reshape(3, 1),
        }
        shape = ["batch", self.side, self.side, 3]
        pictures = helper.make_tensor_value_info(PICTURES, _UINT8, shape)
        return self._model(nodes, pictures, self._prepared, constants)

    def core(self, before: NDArray[Any], after: NDArray[Any]) -> onnx.ModelProto:
        """`prepared` -> `row`: the network's own answer, float32 (batch, outputs).

        Args:
            before: (scale, zero point) of the input where it takes 8-bit numbers.
            after: the same of the output.
        """
        first, constants = _eight_bit("Quantize", "taken", self._input, before)
        last, more = _eight_bit("Dequantize", "answer", self._output, after)
        nodes = [first, *self._proto.graph.node, last]
        own = self._proto.graph.initializer
        row = helper.make_tensor_value_info(ROW, _FLOAT, ["batch", self._count])
        constants |= more | {"row shape": np.array([1 if self._alone else -1, self._count])}
        if not self._alone:
            nodes.insert(0, helper.make_node("Identity", [PREPARED], ["taken"]))
            nodes.append(helper.make_node("Reshape", ["answer", "row shape"], [ROW]))
            return self._model(nodes, self._prepared, row, constants, own)
        constants |= {"batch axis": np.array([0])}
        body = self._model(
            [
                helper.make_node("Unsqueeze", ["picture", "batch axis"], ["taken"]),
                *nodes,
                helper.make_node("Reshape", ["answer", "row shape"], ["one row"]),
                helper.make_node("Squeeze", ["one row", "batch axis"], ["its row"]),
            ],
            helper.make_tensor_value_info("picture", _FLOAT, _shape(self._prepared)[1:]),
            helper.make_tensor_value_info("its row", _FLOAT, [self._count]),
            constants,
            own,
        )
        scan = helper.make_node("Scan", [PREPARED], [ROW], body=body.graph, num_scan_inputs=1)
        return self._model([scan], self._prepared, row)

    def whole(self, core: onnx.ModelProto, given: Outputs) -> onnx.ModelProto:
        """`pictures` -> `scores`, (batch, labels), sum 1, as `train.adopt.adoption` has them."""
        nodes, last = [], ROW
        if self._count == 1:
            rest = ["Mul", "nought"] if given == "logits" else ["Sub", "unit"]
            nodes.append(helper.make_node(rest[0], [rest[1], ROW], ["rest"]))
            nodes.append(helper.make_node("Concat", ["rest", ROW], ["both"], axis=-1))
            last = "both"
        if given == "probabilities":
            nodes.append(helper.make_node("Clip", [last, "least", "unit"], ["clipped"]))
            nodes.append(helper.make_node("Log", ["clipped"], ["logits"]))
            last = "logits"
        nodes.append(helper.make_node("Softmax", [last], [SCORES], axis=-1))
        front = self.front()
        return self._model(
            [*front.graph.node, *core.graph.node, *nodes],
            front.graph.input[0],
            helper.make_tensor_value_info(SCORES, _FLOAT, ["batch", max(2, self._count)]),
            {"nought": np.float32(0), "unit": np.float32(1), "least": np.float32(1e-7)},
            [*front.graph.initializer, *core.graph.initializer],
        )

    def _model(
        self,
        nodes: list[Node],
        taken: Value,
        given: Value,
        constants: dict[str, Any] | None = None,
        initializers: Any = (),
    ) -> onnx.ModelProto:
        values = [
            numpy_helper.from_array(np.asarray(value), name)
            for name, value in (constants or {}).items()
        ]
        graph = helper.make_graph(nodes, "adopted", [taken], [given], [*values, *initializers])
        return helper.make_model(
            graph,
            opset_imports=self._proto.opset_import,
            ir_version=self._proto.ir_version,
            functions=self._proto.functions,
        )


def _outputs(value: Value, name: str, labels: int) -> int:
    """How many numbers a network gives for a picture."""
    _, *row = _shape(value) or [None]
    if not row or row[-1] is None or any(size != 1 for size in row[:-1]):
        raise DataError(f"{name} gives {tuple(row)} for a picture, not a score for each label.")
    count: int = row[-1]
    if labels != (2 if count == 1 else count):
        of = " (of a single one, what is left to 1)" if count == 1 else ""
        raise DataError(f"{name} has {max(2, count)} outputs{of}; --labels names {labels}.")
    return count


def _eight_bit(
    kind: str, name: str, value: Value, worth: NDArray[Any]
) -> tuple[Node, dict[str, Any]]:
    """A node between `name` and a network's input or output, with its constants."""
    ends = [name, value.name] if kind == "Quantize" else [value.name, name]
    element = value.type.tensor_type.elem_type
    if element == _FLOAT:
        return helper.make_node("Identity", ends[:1], ends[1:]), {}
    scale, zero = f"{name} scale", f"{name} zero"
    kept = helper.tensor_dtype_to_np_dtype(element)
    constants = {scale: np.float32(worth[0]), zero: np.array(worth[1]).astype(kept)}
    return helper.make_node(f"{kind}Linear", [ends[0], scale, zero], ends[1:]), constants


def _shape(value: Value) -> list[int | None]:
    """Sizes of all axes; None for a free one. Empty where not even their number is known."""
    return [axis.dim_value or None for axis in value.type.tensor_type.shape.dim]
