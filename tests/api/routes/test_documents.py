"""The code of docs/api.md runs as it stands there, but for the address of the service."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from api.routes.docs import SNIPPETS
from support.running import ROOT
from tests.api.conftest import RED, World

TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(bash|python|javascript|php)\n(.*?)```", TEXT, re.DOTALL)
QUICKSTART = [block for block in BLOCKS if "/api/v1/classify" in block[1]]
# language -> what runs a file of it, and the file
COMMANDS = {
    "bash": (["bash", "-eu"], "code.sh"),
    "python": ([sys.executable], "code.py"),
    "javascript": (["node"], "code.mjs"),
    "php": (["php"], "code.php"),
}


def run(world: World, folder: Path, language: str, code: str) -> str:
    (folder / "photo.jpg").write_bytes(RED)
    code = code.replace("http://127.0.0.1:8000", world.service.url)
    code = code.replace("https://example.org/cat.jpg", world.address("red.jpg"))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    command, file = COMMANDS[language]
    (folder / file).write_text(code)
    result = subprocess.run(
        [*command, file],
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
    program = COMMANDS[language][0][0]
    if shutil.which(program) is None:
        pytest.skip(f"no {program} here")
    assert "cat" in run(world, tmp_path, language, code)


def test_it_is_the_quickstart_that_the_service_shows() -> None:
    assert [code.rstrip() for _, code in QUICKSTART] == [snippet.code for snippet in SNIPPETS]
    assert [language for language, _ in QUICKSTART] == list(COMMANDS)


def test_a_client_is_generated_as_described(world: World, tmp_path: Path) -> None:
    (code,) = [code for _, code in BLOCKS if "openapi-python-client" in code]
    run(world, tmp_path, "bash", code)
    assert (tmp_path / "dogorcat_client" / "client.py").is_file()
