"""The code of docs/api.md runs as it stands there, but for the address of the service."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.running import ROOT
from tests.api.conftest import RED, World

TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(bash|python|javascript)\n(.*?)```", TEXT, re.DOTALL)
QUICKSTART = [block for block in BLOCKS if "/api/v1/classify" in block[1]]
COMMANDS = {
    "bash": ["bash", "-euc"],
    "python": [sys.executable, "-c"],
    "javascript": ["node", "--input-type=module", "-e"],
}


def run(world: World, folder: Path, language: str, code: str) -> str:
    (folder / "photo.jpg").write_bytes(RED)
    code = code.replace("http://127.0.0.1:8000", world.service.url)
    code = code.replace("https://example.org/cat.jpg", world.address("red.jpg"))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    result = subprocess.run(
        [*COMMANDS[language], code],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize(("language", "code"), QUICKSTART, ids=[kind for kind, _ in QUICKSTART])
def test_quickstart(world: World, tmp_path: Path, language: str, code: str) -> None:
    if shutil.which(COMMANDS[language][0]) is None:
        pytest.skip(f"no {COMMANDS[language][0]} here")
    assert "cat" in run(world, tmp_path, language, code)


def test_there_is_a_quickstart_in_every_language() -> None:
    assert {language for language, _ in QUICKSTART} == set(COMMANDS)


def test_a_client_is_generated_as_described(world: World, tmp_path: Path) -> None:
    (code,) = [code for _, code in BLOCKS if "openapi-python-client" in code]
    run(world, tmp_path, "bash", code)
    assert (tmp_path / "dogorcat_client" / "client.py").is_file()
