"""A model folder made in milliseconds, for tests: red pictures are cats, blue ones are dogs.

Its maps and its familiarity mean something, too: what has no colour is unfamiliar.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from common.model.card import ModelCard, sha256_of, write_card
from common.model.classifier import Classifier, golden_vectors

GRID = 7
# The weight of each colour for (cat, dog): red for cat, blue for dog, grey for neither.
EVIDENCE = np.array([[20, -20], [0, 0], [-20, 20]], np.float32)


def write_colour_model(folder: Path, *, side: int = 56, **fields: Any) -> ModelCard:
    """Write a model folder that the service accepts.

    Args:
        folder: where; its name becomes the model's name.
        side: height and width of the input, a multiple of 7.
        fields: of the card, in place of the usual ones.
    """
    folder.mkdir(parents=True)
    onnx.save(_graph(side), folder / "model.onnx")
    card = ModelCard.model_validate(
        {
            "name": folder.name,
            "version": "1",
            "created": datetime(2026, 1, 1, tzinfo=UTC),
            "labels": ("cat", "dog"),
            "input": {"height": side, "width": side},
            "outputs": {"familiarity": "familiarity", "maps": "maps"},
            "neither_threshold": 0.5,
            "recipe": "colours",
            "data": {"counts": {"cat": 1, "dog": 1}, "sha256": "0" * 64},
            "files": {
                "model.onnx": {"sha256": sha256_of(folder / "model.onnx"), "tolerance": 1e-3}
            },
        }
        | fields
    )
    write_card(card, folder)
    return prove_again(folder)


def prove_again(folder: Path) -> ModelCard:
    """Write the golden vectors of the folder's model into its card."""
    card = ModelCard.model_validate_json((folder / "card.json").read_bytes())
    classifier = Classifier.load_unverified(card, folder)
    card = card.model_copy(update={"golden": golden_vectors(classifier)})
    write_card(card, folder)
    return card


def _graph(side: int) -> onnx.ModelProto:
    tiles = {"kernel_shape": [side // GRID] * 2, "strides": [side // GRID] * 2}
    constants = {
        "evidence": EVIDENCE,
        "white": np.float32(255),
        "places": np.array([1, 2]),
        "labels": np.array([1]),
        "steepness": np.float32(2),
    }
    nodes = [
        ("Cast", ["pictures"], "values", {"to": TensorProto.FLOAT}),
        ("Div", ["values", "white"], "unit", {}),
        ("Transpose", ["unit"], "channels_first", {"perm": [0, 3, 1, 2]}),
        ("AveragePool", ["channels_first"], "pooled", tiles),
        ("Transpose", ["pooled"], "grid", {"perm": [0, 2, 3, 1]}),
        ("MatMul", ["grid", "evidence"], "maps", {}),
        ("ReduceMean", ["maps", "places"], "logits", {"keepdims": 0}),
        ("Softmax", ["logits"], "scores", {"axis": 1}),
        ("Abs", ["logits"], "strength", {}),
        ("ReduceMax", ["strength", "labels"], "strongest", {"keepdims": 0}),
        ("Sub", ["strongest", "steepness"], "excess", {}),
        ("Sigmoid", ["excess"], "familiarity", {}),
    ]
    graph = helper.make_graph(
        [helper.make_node(op, inputs, [output], **kw) for op, inputs, output, kw in nodes],
        "colours",
        [helper.make_tensor_value_info("pictures", TensorProto.UINT8, ["batch", side, side, 3])],
        [
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", 2]),
            helper.make_tensor_value_info("familiarity", TensorProto.FLOAT, ["batch"]),
            helper.make_tensor_value_info("maps", TensorProto.FLOAT, ["batch", GRID, GRID, 2]),
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
