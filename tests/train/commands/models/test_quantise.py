"""A model folder gets an 8-bit file beside the float one, with choices and proofs of its own."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from common.model.card import INT8, ONNX, read_card
from common.model.classifier import Classifier
from common.model.golden import draw
from train.__main__ import main


@pytest.fixture
def folder(probe: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(probe, tmp_path / "probe"))


def test_the_same_network_in_8_bits(
    folder: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = read_card(folder)
    assert main(["quantise", str(folder), "--data", str(data)]) == 0
    assert "int8" in capsys.readouterr().out
    floats = Classifier.load(folder, precision="float32")
    int8 = Classifier.load(folder, precision="int8")
    assert floats.card.golden == before.golden
    assert int8.card.version == "1+int8"
    assert {metric.name for metric in int8.card.metrics} >= {"accuracy", "calibration_error"}
    assert all("--precision int8" in metric.command for metric in int8.card.metrics)
    assert (folder / INT8).stat().st_size < 0.4 * (folder / ONNX).stat().st_size
    pictures = np.stack(list(draw(*floats.target).values()))
    names = ["scores", "familiarity"]
    for then, now in zip(floats.run(pictures, names), int8.run(pictures, names), strict=True):
        assert then.shape == now.shape
        assert np.isfinite(now).all()
    nodes = onnx.load(folder / INT8).graph.node
    assert [node.op_type for node in nodes].count("QuantizeLinear") > 10
    assert not list(folder.parent.glob(".probe.*")), "nothing half written stays"


def test_figures_of_the_8_bit_file_are_recorded_with_it(folder: Path, data: Path) -> None:
    assert main(["quantise", str(folder), "--data", str(data)]) == 0
    before = read_card(folder)
    command = ["evaluate", str(folder), str(data / "train"), "--precision", "int8"]
    assert main([*command, "--record", "training photos"]) == 0
    after = read_card(folder)
    assert after.metrics == before.metrics
    assert after.int8 is not None
    assert "training photos, 48 photos" in {metric.data for metric in after.int8.metrics}
    assert json.loads((folder / "card.json").read_text())["int8"]["golden"]


def test_precisions_are_compared(
    folder: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = str(data / "validation")
    assert main(["precisions", str(folder), photos]) == 2
    assert "has no 8-bit file" in capsys.readouterr().err
    assert main(["quantise", str(folder), "--data", str(data)]) == 0
    capsys.readouterr()
    assert main(["precisions", str(folder), photos]) == 0
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == ["18 photos", "---|---|---|---|---", "float32", "int8"]
    card = read_card(folder)
    figures = {metric.name: metric.value for metric in card.metrics}
    assert float(rows[2][1]) == pytest.approx(figures["accuracy"], abs=1e-4)
    assert rows[2][2] == "0", "the float file differs from itself in no verdict"
    assert all(float(row[3]) > 0 for row in rows[2:])
    assert sorted(row[4] for row in rows[2:]) == ["no", "yes"], "one of them is served"
