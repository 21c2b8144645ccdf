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


def test_the_report_tells_what_reaches_its_goal_and_what_does_not(tmp_path: Path) -> None:
    """Two servers with the same file: the service is twice as quick, and its p99 twice as long."""

    def server(cpu_ms: float, p99_ms: float) -> dict[str, object]:
        p50, p99 = {"1": 2.0, "8": 9.0}, {"1": 3.0, "8": p99_ms}
        figures = {"cpu_ms": cpu_ms, "per_second": 99.0, "p50_ms": p50, "p99_ms": p99}
        return figures | {"pss_mb": 300.0, "ready_s": 1.0}

    names = {"dogorcat, float32": (5.0, 60.0), "FastAPI + uvicorn, float32": (10.0, 30.0)}
    late = {"quiet_p50_ms": 5.0, "70%": {"p50_ms": 9.0, "p99_ms": 14.0}}
    results = {
        "machine": {
            "date": "2026-01-31", "cpu": "4 × a CPU", "python": "3", "system": "Linux",
            "versions": {"flask": "3"}, "peers": {"fastapi": "1"}, "real photos": False,
        },
        "floor": {"float32": {"cpu_ms": 4.5, "per_second": 200.0}},
        "capacity": {name: server(*figures) for name, figures in names.items()},
        "sizes": {
            name: {"12 MP": {"cpu_ms": cpu_ms * 9, "per_second": 9.0}}
            for name, (cpu_ms, _) in names.items()
        },
        "latency": dict.fromkeys(names, late),
    }  # fmt: skip
    (tmp_path / ".cache" / "bench").mkdir(parents=True)
    (tmp_path / ".cache" / "bench" / "serving.json").write_text(json.dumps(results))
    page = tmp_path / "page.md"
    page.write_text(
        "Before\n<!-- bench: made by `make bench` -->\nold\n<!-- bench: end -->\nAfter\n"
    )
    command = [sys.executable, "-m", "bench.report", page.name]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, check=True)
    text = page.read_text()
    assert text.startswith("Before\n")
    assert text.endswith("\nAfter\n")
    assert "old" not in text
    assert "| of the floor, float32 | at least 0.85 | 0.90 |" in text
    assert "against the best peer with the same file | at most as much | 0.50 of it |" in text
    assert "against FastAPI + uvicorn | at most as long | **2.00 times** |" in text
    assert "| at least 3 times cheaper | **2.0 to 2.0 times cheaper** |" in text
    assert "| memory of a worker, float32 | at most 250 MB | 150 MB |" in text
    assert "| at most 3 times as long | 2.8 times |" in text
    assert (tmp_path / "images" / "page.png").stat().st_size > 1000
