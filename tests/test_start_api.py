"""The README's first command: the service from start_api.sh, and what it says where it cannot."""

import contextlib
import os
import subprocess
import time
from pathlib import Path

import pytest
import requests

from tests.api.photo_servers import picture
from tests.running import ROOT, environment, free_port

SCRIPT = ROOT / "start_api.sh"
PATIENCE_S = 300
"""The first start installs the service."""


def test_it_starts_and_answers() -> None:
    port = free_port()
    process = subprocess.Popen(
        [SCRIPT], env=environment(PORT=port), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    url = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            assert process.poll() is None, process.stdout and process.stdout.read()
            with contextlib.suppress(requests.ConnectionError):
                if requests.get(f"{url}/readyz", timeout=PATIENCE_S).ok:
                    break
            time.sleep(0.2)
        answer = requests.post(
            f"{url}/api/v1/classify", files={"image": picture()}, timeout=PATIENCE_S
        )
        assert answer.json()["model"]["name"] == "cat_dog"
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=PATIENCE_S)
    assert f"open {url}" in output.decode()
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("broken", "words"),
    [("ensurepip", "sudo apt-get install python3-venv"), ("version_info", "Python 3.11 or newer")],
)
def test_it_says_what_is_missing(tmp_path: Path, broken: str, words: str) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\ncase "$*" in *{broken}*) exit 1;; esac\n')
    python.chmod(0o755)
    script = tmp_path / "start_api.sh"
    script.write_bytes(SCRIPT.read_bytes())
    (tmp_path / "requirements.txt").write_text("")
    result = subprocess.run(
        ["bash", script], env={**os.environ, "PYTHON": str(python)}, capture_output=True, text=True
    )
    assert result.returncode == 1
    assert words in result.stderr
    assert not (tmp_path / ".venv").exists()
