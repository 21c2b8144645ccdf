"""docs/tutorial.ipynb, executed by a real kernel from the folders that people start it in."""

import os
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from common.model.classifier import Classifier
from support.shared import ROOT
from tests.train.conftest import SHAPES, draw

NOTEBOOK = ROOT / "docs" / "tutorial.ipynb"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the notebook writes; the smallest network whose ImageNet weights are installed."""
    for kind in SHAPES:
        (tmp_path / "my_photos" / kind).mkdir(parents=True)
        for i in range(18):
            draw(kind, i).save(tmp_path / "my_photos" / kind / f"{i}.jpg", quality=90)
    own = {"WORK": tmp_path, "BACKBONE": "EfficientNetLite0", "PHOTOS": "my_photos"}
    for name, value in own.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def execute(notebook: nbformat.NotebookNode, folder: Path) -> None:
    client = NotebookClient(
        notebook, timeout=None, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()


@pytest.mark.slow
def test_every_cell_runs(work: Path) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    execute(notebook, ROOT / "docs")
    for name, recipe in (("tutorial", "bottleneck"), ("tutorial_tuned", "fine-tune")):
        card = Classifier.load(work / "models" / name).card
        assert card.recipe == recipe
        assert {m.name: m.value for m in card.metrics}["accuracy"] >= 0.7, "a model worth having"
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [o for o in outputs if o.output_type == "execute_result"], "no stray values"
    said = "".join(output.get("text", "") for output in outputs)
    assert "exact McNemar test" in said or "do not tell A and B apart" in said
    warned = [line for line in said.splitlines() if re.search("warning|traceback", line, re.I)]
    assert warned == []
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    assert len(pictures) >= 6


@pytest.mark.parametrize("folder", [ROOT / "docs", ROOT], ids=["docs", "project"])
def test_a_failing_step_stops_it(folder: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the first step, all that depends on where the notebook was started has run."""
    monkeypatch.setenv("PHOTOS", "nowhere")
    with pytest.raises(CellExecutionError, match="python -m train prepare failed"):
        execute(nbformat.read(NOTEBOOK, as_version=4), folder)
