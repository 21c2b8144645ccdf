"""deploy/Containerfile, replayed: its image needs a registry to be built, what it runs does not."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import requests

from support.photo_servers import picture
from support.running import GUNICORN, ROOT, RunningService, environment, free_port, wait_until_ready

TEXT = (ROOT / "deploy" / "Containerfile").read_text("utf-8")
NOBODY = 10001


def copied() -> list[tuple[str, str]]:
    """(from, to) of what comes out of the checkout."""
    return re.findall(r"^COPY (?!--from)(\S+) (\S+)$", TEXT, re.MULTILINE)


def _unknown_user() -> dict[str, int]:
    """What makes subprocess take the container's user, if we may and Python is open to everyone."""
    user = {"user": NOBODY, "group": NOBODY}
    try:
        subprocess.run([GUNICORN[0], "-c", ""], check=True, **user)
    except PermissionError:
        return {}
    return user


def test_what_is_copied_is_let_through() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in ignored
    for source, _ in copied():
        assert (ROOT / source).exists()
        assert f"!{source}" in ignored


def test_what_is_copied_is_enough(tmp_path: Path) -> None:
    """As an unknown user, who may write to no file of it, where we can be one."""
    app, run = Path("/tmp") / tmp_path.name / "app", Path("/tmp") / tmp_path.name / "tmp"
    try:
        app.mkdir(parents=True)
        run.mkdir(mode=0o777)
        run.chmod(0o777)
        for source, target in copied():
            if target != "/":
                ignore = shutil.ignore_patterns("__pycache__", "model.keras", "*.h5")
                shutil.copytree(ROOT / source, app / target, ignore=ignore)
        port = free_port()
        env = environment(PORT=port, RUNTIME_DIR=run / "dogorcat", WEB_CONCURRENCY=1)
        env |= {"PYTHONDONTWRITEBYTECODE": "1", "HOST": "127.0.0.1"}
        log = tmp_path / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                GUNICORN, cwd=app, env=env, stdout=output, stderr=output, **_unknown_user()
            )
        try:
            wait_until_ready(RunningService(f"http://127.0.0.1:{port}", process, log))
            url = f"http://127.0.0.1:{port}/api/v1/classify"
            reply = requests.post(url, files={"image": picture()}, timeout=60)
            assert reply.json()["model"]["name"] == "cat_dog"
            assert "dogorcat" in requests.get(f"http://127.0.0.1:{port}/", timeout=60).text
        finally:
            process.terminate()
            process.wait(60)
    finally:
        shutil.rmtree(app.parent, ignore_errors=True)


def test_its_commands_are_the_documented_ones() -> None:
    (command,) = re.findall(r"^CMD (\[.*\])$", TEXT, re.MULTILINE)
    assert json.loads(command)[0] == "gunicorn"
    assert json.loads(command)[1:] == GUNICORN[3:]
    assert "-r /requirements.txt" in TEXT
    assert re.search(rf"^USER {NOBODY}", TEXT, re.MULTILINE)
    (probe,) = re.findall(r"^HEALTHCHECK .*?CMD (\[.*\])$", TEXT, re.MULTILINE)
    compile(json.loads(probe)[-1], "probe", "exec")
