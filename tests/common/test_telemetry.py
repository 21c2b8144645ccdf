"""Importing any room must not make ONNX Runtime report to its maker."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("module", ["common.model.classifier", "api.classification", "train"])
def test_onnx_runtime_does_not_report(module: str, tmp_path: Path) -> None:
    """Where it would, it leaves the file of its session (`.ses`) among the temporary files."""
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in {"ORT_DISABLE_TELEMETRY", "CI"}
    }
    subprocess.run(
        [sys.executable, "-c", f"import {module}, onnxruntime"],
        cwd=ROOT,
        env=env | {"TMPDIR": str(tmp_path)},
        check=True,
        capture_output=True,
    )
    assert list(tmp_path.glob(".ses")) == []
