"""Commands that need no network work without Keras, which takes seconds to import."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.shared import ROOT

CODE = """
import sys
from train.__main__ import main
status = main(sys.argv[1:])
print("loaded:", *sorted({"keras", "tensorflow"} & set(sys.modules)))
sys.exit(status)
"""


def loaded(*command: str | Path) -> list[str]:
    """Which of the slow libraries a command has imported by its end."""
    run = subprocess.run(
        [sys.executable, "-c", CODE, *map(str, command)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.splitlines()[-1].removeprefix("loaded:").split()


def test_preparing_and_inspecting(data: Path, tmp_path: Path) -> None:
    assert loaded("prepare", data / "train", tmp_path / "split") == []
    assert loaded("inspect", tmp_path / "split", "--sheet", tmp_path / "sheet.jpg") == []


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_measuring(command: str, data: Path, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue("probe")
    assert loaded(command, folder, data / "validation") == []
