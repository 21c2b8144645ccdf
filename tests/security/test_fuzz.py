"""A short run of the fuzz targets; `python -m tests.security.fuzz` is for long ones."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PATIENCE_S = 900
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(("target", "runs"), [("decode", 2000), ("url", 20_000)])
def test_fuzz(target: str, runs: int, tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris is not installed (Linux only)")
    # Half a gigabyte is four bytes for each of 50 megapixels, and the instrumented libraries.
    limits = [f"-runs={runs}", "-seed=1", "-rss_limit_mb=512"]
    options = [*limits, f"-artifact_prefix={tmp_path}/", tmp_path / "corpus"]
    command = [sys.executable, "-m", "tests.security.fuzz", target, *options]
    # Linux counts the memory of whoever starts a program as the program's own peak: not pytest's.
    command = ["sh", "-c", '"$@"; exit $?', "sh", *command]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S)
    assert ended.returncode == 0, ended.stderr[-3000:]
    (done,) = re.findall(r"^Done (\d+) runs", ended.stderr, re.MULTILINE)
    assert int(done) >= runs
