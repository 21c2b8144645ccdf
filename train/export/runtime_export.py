"""A model folder for other runtimes: TensorFlow Lite (LiteRT) or a SavedModel, proven like ONNX.

The graph is the served one: uint8 `pictures` (batch, height, width, 3) in, the card's outputs by
name, temperature and familiarity inside. A .tflite file takes one picture at a time.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray

from common.atomic import can_be_made, new_folder
from common.errors import DataError, ModelError
from common.model.card import ONNX, ModelCard, check_file, sha256_of
from common.model.classifier import Classifier, golden_error
from train.calibration.calibration import FAMILIARITY, Calibration
from train.export.load_keras import load_keras
from train.export.onnx_export import FAMILIARITY_PARITY, PARITY
from train.learning.settings import refuse_file_name, refuse_to_replace
from train.networks import parts

Runtime = Literal["tflite", "savedmodel"]
TFLITE, LABELS, METADATA = "model.tflite", "labels.txt", "metadata.json"
_PROGRAM = Path(__file__).with_name("exported.py")
EXTRA = "assets.extra"
"""Where a SavedModel keeps files that TensorFlow itself does not read."""


def export_for(
    runtime: Runtime, model: Path, out: Path, pictures: NDArray[np.uint8] | None, *, overwrite: bool
) -> dict[str, float]:
    """Write a model folder's network for another runtime, or nothing at all.

    Args:
        out: the folder to write.
        pictures: what the export is compared with the served file on, uint8 (pictures, height,
            width, 3); the card's golden pictures where there are none.
        overwrite: replace a folder that this function wrote before.

    Returns:
        output -> how far the export is from `model.onnx`, at most.

    Raises:
        ModelError: no `model.keras`, or the export says something else than `model.onnx`.
    """
    card, graph = serving_graph(model)
    with new_folder(out, overwrite=overwrite) as half:
        if runtime == "savedmodel":
            write_saved_model(graph, half)
            beside, proven = half / EXTRA, half
            beside.mkdir()
        else:
            write_tflite(graph, half / TFLITE)
            beside, proven = half, half / TFLITE
        apart = proof(proven, Classifier.load(model, precision="float32"), pictures)
        (beside / LABELS).write_text("".join(f"{x}\n" for x in card.labels), encoding="utf-8")
        about = json.dumps(described(card, proven), indent=2)
        (beside / METADATA).write_text(f"{about}\n", encoding="utf-8")
    return apart


def serving_graph(folder: Path) -> tuple[ModelCard, keras.Model]:
    """A model folder's card, and the graph that it serves, in Keras.

    Raises:
        ModelError: the folder lacks a part of it.
    """
    card, model = load_keras(folder)
    if card.outputs.familiarity:
        if FAMILIARITY not in card.files:
            raise ModelError(
                f"{folder} has no {FAMILIARITY}, which its familiarity is computed from; it comes"
                " with training the model again."
            )
        check_file(card, folder, FAMILIARITY)
    calibration = Calibration.load(folder, {
        "temperature": card.temperature,
        "threshold": card.neither_threshold,
        "present_threshold": card.present_threshold,
        "turn_threshold": card.turn_threshold,
    })  # fmt: skip
    familiarity = calibration.familiarity and calibration.familiarity.output(model)
    return card, parts.serving(model, card.temperature, familiarity)


def write_saved_model(graph: keras.Model, folder: Path, batch: int | None = None) -> None:
    """Write a graph as a SavedModel with the signature `serving_default`, any number of pictures.

    Args:
        batch: how many pictures it takes at a time; None for any number.
    """
    archive = keras.export.ExportArchive()
    archive.track(graph)
    name = graph.inputs[0].name
    archive.add_endpoint(
        "serving_default",
        lambda pictures: graph(pictures, training=False),
        [keras.InputSpec("uint8", (batch, *graph.inputs[0].shape[1:]), name=name)],
    )
    archive.write_out(str(folder), verbose=False)


def write_tflite(graph: keras.Model, file: Path) -> None:
    """Write a graph as a TensorFlow Lite file in 32-bit floats."""
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as saved:
        write_saved_model(graph, Path(saved), batch=1)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            saved, signature_keys=["serving_default"]
        )
        file.write_bytes(converter.convert())


def proof(
    exported: Path, served: Classifier, pictures: NDArray[np.uint8] | None
) -> dict[str, float]:
    """Compare what an export and the served file say of pictures, each in its own runtime.

    Returns:
        output -> largest difference, as a share of the largest value where that is above 1.

    Raises:
        ModelError: they differ by more than is allowed.
    """
    if pictures is None:
        from common.model.golden import draw

        pictures = np.stack(list(draw(*served.target).values()))
    names = served.card.outputs.all()
    expected = [
        np.concatenate(rows)
        for rows in zip(*(served.run(one[None], names) for one in pictures), strict=True)
    ]
    found = _answers(exported, pictures)
    apart = {}
    for name, rows in zip(names, expected, strict=True):
        apart[name] = golden_error(found.get(name), rows)
        allowed = FAMILIARITY_PARITY if name == served.card.outputs.familiarity else PARITY
        if not apart[name] <= allowed:
            raise ModelError(
                f"The export is refused: its {name} differs from that of {ONNX} by"
                f" {apart[name]:.2g}, and at most {allowed:g} is allowed."
            )
    return apart


def described(card: ModelCard, exported: Path) -> dict[str, Any]:
    """What a program that runs the export must know."""
    wanted = {
        "name", "version", "description", "labels", "input", "outputs", "neither_threshold",
        "present_threshold", "turn_threshold", "pretrained",
    }  # fmt: skip
    about = card.model_dump(mode="json", include=wanted)
    files = [exported] if exported.is_file() else [exported / "saved_model.pb"]
    return about | {"sha256": {file.name: sha256_of(file) for file in files}}


def check_target(out: Path, *, overwrite: bool) -> None:
    """Before anything runs: whether an export can be written here.

    Raises:
        DataError: something is there that may not be replaced, or nothing can be written; or the
            name ends like a file's.
    """
    refuse_file_name(out)
    if not can_be_made(out):
        raise DataError(f"{out} cannot be written.")
    refuse_to_replace(out, overwrite=overwrite)
    if out.exists() and not any((out / where / METADATA).is_file() for where in ("", EXTRA)):
        raise DataError(f"{out} is no export: only an export is replaced by another.")


def _answers(exported: Path, pictures: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """What `train.export.exported` finds."""
    with tempfile.TemporaryDirectory() as folder:
        asked, answers = Path(folder) / "asked.npy", Path(folder) / "answers.npz"
        np.save(asked, pictures)
        words = [str(_PROGRAM), str(exported), str(asked), str(answers)]
        done = subprocess.run(  # -P: what lies beside the program is not what it imports
            [sys.executable, "-P", *words], capture_output=True, text=True, errors="replace"
        )
        if done.returncode:
            last = (done.stderr.splitlines() or ["it ended without a word"])[-1]
            raise ModelError(f"The export does not run in its own runtime: {last[:250]}")
        with np.load(answers) as found:
            return dict(found)
