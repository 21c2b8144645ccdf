"""What `make install` says where TensorFlow has no wheels for the Python at hand."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.shared import ROOT

ADVICE = "PYTHON=python3.13 make test"


def python_of_version(file: Path, version: tuple[int, int]) -> Path:
    """A Python that takes itself for another version, and writes down when it makes a venv."""
    file.write_text(
        f"""#!/bin/sh
[ "$1" = -c ] || {{ echo "$@" >> "{file}.log"; exit 1; }}
exec "{sys.executable}" -c "import sys; sys.version_info = ({version[0]}, {version[1]}, 0); $2"
"""
    )
    file.chmod(0o755)
    return file


@pytest.mark.parametrize("version", [(3, 10), (3, 14), (3, 15)])
def test_a_python_without_tensorflow_is_told_in_one_line(
    tmp_path: Path, version: tuple[int, int]
) -> None:
    result = make_install(tmp_path, python_of_version(tmp_path / "python", version))
    said = [line for line in result.stderr.splitlines() if not line.startswith("make")]
    assert len(said) == 1
    assert said[0].endswith(ADVICE)
    assert not (tmp_path / "python.log").exists(), "nothing was begun"
    assert ADVICE in (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_python_with_tensorflow_makes_the_environment(tmp_path: Path) -> None:
    result = make_install(tmp_path, python_of_version(tmp_path / "python", (3, 13)))
    assert ADVICE not in result.stderr
    assert (tmp_path / "python.log").read_text().split() == ["-m", "venv", "--clear", ".venv"]


def make_install(folder: Path, python: Path) -> subprocess.CompletedProcess[str]:
    """Run `make install` where there is no environment yet; it never gets as far as pip."""
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("requirements.txt", "train/requirements.txt", "cluster/requirements.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    (folder / "requirements-dev.txt").touch()
    result = subprocess.run(
        ["make", "install", f"PYTHON={python}"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode != 0
    return result
