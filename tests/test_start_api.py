"""The README's first commands: start_api.sh, curl, and what the script says where it cannot."""

import contextlib
import hashlib
import json
import os
import re
import shlex
import subprocess
import time
from pathlib import Path

import pytest
import requests

from support.running import ROOT, environment, free_port

SCRIPT = ROOT / "start_api.sh"
README = (ROOT / "README.md").read_text(encoding="utf-8")
PATIENCE_S = 300
"""The first start installs the service."""


def test_it_starts_and_answers() -> None:
    ((command, promised),) = re.findall(r"```bash\n(curl .*)\n```\n\n```json\n(.*)\n```", README)
    expected = json.loads(promised)
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
        here = command.replace("http://127.0.0.1:8000", url)
        answer = json.loads(subprocess.check_output(shlex.split(here), cwd=ROOT))
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=PATIENCE_S)
    assert f"open {url}" in output.decode()
    assert process.returncode == 0
    assert answer["model"]["name"] == "cat_dog"
    assert answer["verdict"] == expected["verdict"]
    for said, shown in zip(answer["predictions"], expected["predictions"], strict=True):
        assert said["label"] == shown["label"]
        assert said["score"] == pytest.approx(shown["score"], abs=0.002)  # by CPU and file


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


@pytest.mark.parametrize("kind", ["absolute", "relative", "of a link", "in PATH", "of its folder"])
def test_it_may_be_called_through_a_link(tmp_path: Path, kind: str) -> None:
    """Where it lies counts, not where it is called from: a made-up gunicorn says where it runs."""
    home = tmp_path / "the service"
    (home / ".venv/bin").mkdir(parents=True)
    (home / "requirements.txt").write_text("")
    (home / ".venv/requirements.sha256").write_text(hashlib.sha256(b"").hexdigest())
    (home / "start_api.sh").write_bytes(SCRIPT.read_bytes())
    (home / "start_api.sh").chmod(0o755)
    for program, does in (("python", "true"), ("gunicorn", "pwd -P")):
        file = home / ".venv/bin" / program
        file.write_text(f"#!/bin/sh\n{does}\n")
        file.chmod(0o755)
    elsewhere = tmp_path / "bin"
    elsewhere.mkdir()
    link, command = elsewhere / "dogorcat", [str(elsewhere / "dogorcat")]
    if kind == "relative":
        link.symlink_to("../the service/start_api.sh")
    elif kind == "of its folder":
        link.symlink_to(home)
        command = [str(link / "start_api.sh")]
    elif kind == "of a link":
        (elsewhere / "first").symlink_to(home / "start_api.sh")
        link.symlink_to("first")
    else:
        link.symlink_to(home / "start_api.sh")
    if kind == "in PATH":
        command = ["dogorcat"]
    paths = {"PATH": f"{elsewhere}:{os.environ['PATH']}", "CDPATH": str(tmp_path)}
    result = subprocess.run(
        command, cwd=elsewhere, env=os.environ | paths, capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == str(home)
