"""A SavedModel folder or a .tflite file as an ONNX file that serves: converted, and compared."""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from common.errors import DataError, ModelError
from common.file_names import printable
from common.model.card import ONNX
from common.model.golden import draw
from train.adopt.adoption import Outputs, Photographs, Preprocessing, judge
from train.adopt.wrapped_network import PREPARED, WrappedNetwork
from train.export.onnx_export import OPSET, PARITY
from train.networks.parts import PICTURES

PARITY_8_BIT = 5e-2
"""The same for a network of 8 bits, whose steps TensorFlow Lite and ONNX Runtime round apart."""
SIGNATURE = "serving_default"
_RUNS_CODE = {"PyFunc", "PyFuncStateless", "EagerPyFunc", "ReadFile", "WriteFile", "MatchingFiles"}


@dataclass(frozen=True)
class ForeignGraph:
    """A whole graph, uint8 `pictures` (batch, side, side, 3) in, `scores` (batch, labels) out."""

    content: bytes
    """Of an ONNX file."""
    side: int

    def write(self, folder: Path) -> None:
        """Write `folder`/model.onnx."""
        (folder / ONNX).write_bytes(self.content)


def is_foreign(file: Path) -> bool:
    """Whether a path is a SavedModel folder or a .tflite file, by its contents."""
    if file.is_dir():
        return (file / "saved_model.pb").is_file()
    try:
        with file.open("rb") as stream:
            return stream.read(8)[4:] == b"TFL3"
    except OSError:
        return False


def assemble(
    file: Path,
    before: Preprocessing,
    labels: int,
    outputs: Outputs | None = None,
    photos: Photographs | None = None,
) -> tuple[ForeignGraph, Outputs]:
    """Convert a file, put scaling in front and scores at the end, and compare with the original.

    Args:
        labels: how many there are.
        outputs: what the network gives; None to find out.
        photos: side -> real ones to compare with, uint8 (photos, side, side, 3); else drawn ones.

    Returns:
        the graph, and what the network gave of its own.

    Raises:
        ModelError: a file that cannot be converted, or answers otherwise when it is.
        DataError: sizes, shapes or labels that do not fit together.
    """
    name = printable(file)
    if before.backbone or before.scale is None:
        raise DataError(f"--backbone is for heads that Keras saved; {name} is a whole network.")
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / "model"  # the programs read it whatever the file's own name is
        link.symlink_to(file.absolute(), target_is_directory=file.is_dir())
        network = WrappedNetwork(_converted(link, name), name, before, labels)
        side = network.side
        seen = photos(side) if photos else np.stack(list(draw(side, side).values()))
        prepared = _run(network.front(), PICTURES, seen)
        original = _original(link, name, prepared)
    core = network.core(original["input"], original["output"])
    rows = _run(core, PREPARED, prepared)
    expected = original["rows"].reshape(len(rows), -1)
    if not np.isfinite(expected).all():
        raise DataError(f"{name} gives {expected[~np.isfinite(expected)][0]} instead of numbers.")
    allowed = PARITY_8_BIT if original["eight_bit"] else PARITY
    apart = float(np.abs(rows - expected).max() / max(1.0, np.abs(expected).max()))
    if not apart <= allowed:
        raise ModelError(
            f"{name} is refused: converted, its outputs differ by {apart:.2g} from its own, and at"
            f" most {allowed:g} is allowed."
        )
    if outputs is None:
        noise = np.random.default_rng(0).normal(size=(8, *prepared.shape[1:])).astype(np.float32)
        sizes = np.array([1, 30, 1000, 3e4], np.float32)
        outputs = judge(rows, [_run(core, PREPARED, noise * size) for size in sizes], name)
    return ForeignGraph(network.whole(core, outputs).SerializeToString(), side), outputs


def _converted(file: Path, name: str) -> onnx.ModelProto:
    """What tf2onnx makes of a file, in a process of its own: a damaged file may end it."""
    if file.is_dir():
        _check_saved_model(file, name)
    target = file.with_name("converted.onnx")
    kind = ["--saved-model", str(file), "--signature_def", SIGNATURE]
    what = kind if file.is_dir() else ["--tflite", str(file)]
    _program("tf2onnx.convert", *what, "--output", str(target), "--opset", str(OPSET), name=name)
    proto = onnx.load(target)
    for node in proto.graph.node:
        if not onnx.defs.has(node.op_type, node.domain):
            raise ModelError(f"{name} has the operation {node.op_type}, which ONNX does not know.")
    return proto


def _check_saved_model(folder: Path, name: str) -> None:
    """Look into a SavedModel before TensorFlow loads it, which may run parts of its graph."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    try:
        saved = SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    except (OSError, DecodeError) as error:
        raise ModelError(f"{name} cannot be read: saved_model.pb is damaged.") from error
    for part in saved.meta_graphs:
        graph = part.graph_def
        bodies = [graph.node, *(function.node_def for function in graph.library.function)]
        if code := {node.op for body in bodies for node in body} & _RUNS_CODE:
            raise ModelError(
                f"{name} has the operation {min(code)}, which runs code or reads and writes files;"
                " only networks are adopted."
            )
    if not any(SIGNATURE in part.signature_def for part in saved.meta_graphs):
        raise ModelError(
            f"{name} has no signature {SIGNATURE}; load it where it was made and save it with one:"
            " model.export('folder')."
        )


def _original(file: Path, name: str, prepared: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """What `train.adopt.original` finds."""
    asked, answers = file.with_name("asked.npy"), file.with_name("answers.npz")
    np.save(asked, prepared)
    _program("train.adopt.original", str(file), str(asked), str(answers), name=name)
    with np.load(answers) as found:
        return dict(found)


def _program(module: str, *arguments: str, name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, errors="replace"
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line[:1].strip()]
        last = said[-1] if said and done.returncode > 0 else "it is damaged"
        last = last.rpartition("Error: ")[2].rstrip(".")
        raise ModelError(
            f"{name} cannot be converted by TensorFlow and tf2onnx: {printable(last[:250])}."
        )


def _run(model: onnx.ModelProto, name: str, values: NDArray[Any]) -> NDArray[np.float32]:
    options = ort.SessionOptions()
    options.log_severity_level = 3  # errors only
    try:
        session = ort.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        found: NDArray[np.float32] = session.run(None, {name: values})[0]
    except Exception as error:  # ONNX Runtime's own types share no base class
        said = printable(str(error).splitlines()[0][:250])
        raise ModelError(f"ONNX Runtime cannot run the converted model: {said}") from error
    return found
