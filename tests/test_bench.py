"""`make bench` measures what can start and says of the rest why it cannot."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.colour_model import write_colour_model
from support.shared import ROOT

WRK = shutil.which("wrk")
PEER = "plain Flask"
"""Is measured where `make bench` has made its environment, and left out elsewhere."""


def bench(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Measure the capacity of the model folder `cat_dog` in a folder, results there, too."""
    command = [sys.executable, "-m", "bench.serving", "capacity", "--model", "cat_dog"]
    return subprocess.run(
        [*command, "--turns", "1", "--only", "dogorcat", "--only", PEER],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | env,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.skipif(WRK is None, reason="wrk is not installed")
def test_an_8_bit_file_that_cannot_be_served_ends_nothing(tmp_path: Path) -> None:
    write_colour_model(tmp_path / "cat_dog")
    (tmp_path / "cat_dog" / "model.int8.onnx").write_bytes(b"no model at all")
    done = bench(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    left_out = [line for line in done.stdout.splitlines() if line.startswith("left out: ")]
    assert any("the floor of cat_dog/model.int8.onnx" in line for line in left_out)
    assert any("dogorcat, int8 does not start" in line for line in left_out)
    results = json.loads((tmp_path / ".cache" / "bench" / "serving.json").read_text())
    assert set(results["floor"]) == {"float32"}
    measured = results["capacity"]["dogorcat, float32"]
    assert measured["failed"] == 0
    assert measured["cpu_ms"] > 0
    assert "dogorcat, int8" not in results["capacity"]
    for precision in ("float32", "int8"):
        started = f"{PEER}, {precision}" in results["capacity"]
        assert started or any(f"{PEER}, {precision} " in line for line in left_out)


@pytest.mark.skipif(WRK is None, reason="wrk is not installed")
def test_a_folder_without_a_model_is_told_in_one_line(tmp_path: Path) -> None:
    done = bench(tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("there is no model in cat_dog")


def test_a_machine_without_wrk_is_told_what_to_install(tmp_path: Path) -> None:
    done = bench(tmp_path, PATH=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("sudo apt-get install wrk")
