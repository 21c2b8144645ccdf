"""Every shipped file proves itself on any x86-64 CPU, and a changed one never does.

QEMU's user mode emulates other CPUs: Haswell has AVX2 and no VNNI, Nehalem has no AVX at all.
"""

import platform
import shutil
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from common.errors import ModelError
from common.model.card import FILES, Precision, read_card, sha256_of, write_card
from common.model.classifier import Classifier
from support.shared import ROOT

QEMU = shutil.which("qemu-x86_64")
CPUS = ("Haswell", "Nehalem")
SHIPPED = [
    (folder, precision)
    for folder in sorted((ROOT / "models").iterdir())
    for precision, file in FILES.items()
    if (folder / file).is_file()
]
PROVE = """
import sys
from pathlib import Path
from common.model.card import FILES, read_card
from common.model.classifier import Classifier, golden_error
from common.model.golden import draw
folder, precision, *pictures = sys.argv[1:]
classifier = Classifier.load_unverified(read_card(Path(folder)), Path(folder), precision=precision)
card, names = classifier.card, classifier.card.outputs.all()
for picture in pictures:
    found = classifier.run(draw(*classifier.target)[picture][None], names)
    for name, values in zip(names, found, strict=True):
        error = golden_error(values[0], card.golden[picture][name])
        if not error <= card.files[FILES[precision]].tolerance:
            sys.exit(f"{picture}/{name} differs by {error:g}")
"""
EMULATED_SLOWLY = ("Haswell", "float32")
"""Fused multiplications are emulated in software: a minute for a picture, else seconds."""

each_shipped_file = pytest.mark.parametrize(
    ("folder", "precision"), SHIPPED, ids=[f"{folder.name}-{name}" for folder, name in SHIPPED]
)


@pytest.mark.slow
@pytest.mark.skipif(QEMU is None, reason="qemu-x86_64 is not installed (package qemu-user)")
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the packages here are not x86-64")
@pytest.mark.parametrize("cpu", CPUS)
@each_shipped_file
def test_a_shipped_file_is_proven_on_another_cpu(
    folder: Path, precision: Precision, cpu: str
) -> None:
    card = read_card(folder)
    pictures = list(card.for_precision(precision).golden)
    assert pictures
    if (cpu, precision) == EMULATED_SLOWLY:
        pictures = pictures[-1:]
    if precision == "int8" and card.int8 and card.int8.weight_bits == 8:
        pytest.skip("8-bit weights are for CPUs with VNNI: others never take this file")
    command = [str(QEMU), "-cpu", cpu, sys.executable, "-c", PROVE, str(folder), precision]
    command += pictures
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [line for line in result.stderr.splitlines() if "TCG doesn't support" not in line]
    assert result.returncode == 0, "\n".join(lines)


def change_one_layer(file: Path, which: int) -> None:
    """Turn the order of one convolution's output channels round; no other weight changes."""
    model = onnx.load(file)
    node = [node for node in model.graph.node if node.op_type == "Conv"][which]
    source = node.input[1]
    for dequantise in model.graph.node:  # in 8 bits the weights stand behind one
        if source in dequantise.output:
            source = dequantise.input[0]
    (tensor,) = (tensor for tensor in model.graph.initializer if tensor.name == source)
    weights = onnx.numpy_helper.to_array(tensor)[::-1]
    tensor.CopyFrom(onnx.numpy_helper.from_array(weights, tensor.name))
    onnx.save(model, file)


@pytest.mark.parametrize("which", [0, 20, -1], ids=["first", "middle", "last"])
@each_shipped_file
def test_a_file_with_one_changed_layer_is_refused(
    folder: Path, precision: Precision, which: int, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / folder.name))
    name = FILES[precision]
    change_one_layer(copy / name, which)
    card = read_card(copy)
    spec = card.files[name].model_copy(update={"sha256": sha256_of(copy / name)})
    write_card(card.model_copy(update={"files": card.files | {name: spec}}), copy)
    said = rf"{name} does not reproduce the golden vector \w+/\w+: it differs by [\d.e+-]+, and"
    with pytest.raises(ModelError, match=said):
        Classifier.load(copy, precision=precision)
