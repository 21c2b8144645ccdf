"""The page is small, and its types hold."""

import subprocess
from pathlib import Path

import pytest

from support.running import ROOT

HERE = Path(__file__).parent
LIMIT = 130_000
TSC = HERE / "node_modules" / "typescript" / "bin" / "tsc"


def test_the_page_weighs_less_than_130_kb() -> None:
    kinds = {".html", ".css", ".js", ".svg", ".txt", ".webmanifest"}
    files = [file for file in (ROOT / "web").rglob("*") if file.suffix in kinds]
    assert len(files) > 20
    assert sum(file.stat().st_size for file in files) < LIMIT


def test_types() -> None:
    if not TSC.is_file():
        pytest.skip("typescript is not installed: npm ci --prefix tests/web")
    done = subprocess.run(
        ["node", str(TSC), "-p", str(HERE / "jsconfig.json")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
