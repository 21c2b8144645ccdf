"""Bias correction: the layers of an 8-bit network answer, on average, what the float ones do."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnx.utils import Extractor
from tqdm.auto import tqdm

from train.export.graph import quantised, replace_biases

Feed = dict[str, NDArray[np.uint8]]


def correct_biases(floats: Path, eight: Path, feeds: Sequence[Feed]) -> None:
    """Take what rounding adds to the mean of each channel out of its bias.

    What enters a layer is mostly positive, so weights that were rounded up or down on average shift
    what leaves it; rounded activations shift it, too. Layer by layer, from the first on, the
    mean of what leaves each channel is compared with that in the float network, and the
    difference taken out of the bias (Nagel et al. 2019, arXiv:1906.04721, appendix D).

    Args:
        floats: the graph as the quantiser read it.
        eight: the graph that it wrote, to be changed; convolutions keep their names.
        feeds: pictures on which the means are measured, one by one.
    """
    source, target = onnx.load(floats), onnx.load(eight)
    convolutions = {node.name: node for node in source.graph.node if node.op_type == "Conv"}
    wanted = _means(source, [node.output[0] for node in convolutions.values()], feeds)
    own = [node for node in target.graph.node if node.op_type == "Conv"]
    for node in tqdm(own, "Correcting biases", unit="layer", leave=False):
        before = convolutions[node.name]
        if len(node.input) < 3 or node.input[1] == before.input[1]:
            continue  # without a bias, or left in float
        found = _means(target, [node.output[0]], feeds)
        values, scales = quantised(target.graph, node.input[2])
        steps = numpy_helper.to_array(scales).astype(np.float64)
        shift = found[node.output[0]] - wanted[before.output[0]]
        replace_biases(values, numpy_helper.to_array(values) - shift / steps)
    onnx.save(target, eight)


def _means(
    model: onnx.ModelProto, tensors: list[str], feeds: Sequence[Feed]
) -> dict[str, NDArray[np.float64]]:
    """The mean of each channel of some tensors, over all pictures and places."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    names = {tensor: f"mean of {tensor}" for tensor in tensors}
    for tensor, mean in names.items():
        watched.graph.node.append(helper.make_node("GlobalAveragePool", [tensor], [mean]))
        shapeless = helper.make_tensor_value_info(mean, onnx.TensorProto.FLOAT, None)
        watched.graph.output.append(shapeless)
    inputs = [value.name for value in model.graph.input]
    needed = Extractor(watched).extract_model(inputs, [*names.values()])
    session = ort.InferenceSession(needed.SerializeToString(), providers=["CPUExecutionProvider"])
    rows = [[value.ravel() for value in session.run([*names.values()], feed)] for feed in feeds]
    means = [np.mean(values, axis=0, dtype=np.float64) for values in zip(*rows, strict=True)]
    return dict(zip(tensors, means, strict=True))
