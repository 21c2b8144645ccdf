"""New models for a service that runs: served when they are good, refused with a word when not."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from api.model_store.reload import request
from api.model_store.state_dir import StateDir
from common.errors import DogorcatError
from common.model.card import sha256_of
from support.colour_model import write_colour_model
from support.photo_servers import picture
from support.running import (
    ROOT,
    RunningService,
    environment,
    free_port,
    run_to_its_end,
    running_service,
)

TIMEOUT_S = 60
RED = picture("red")


@dataclass(frozen=True)
class World:
    """A service, its models and its files."""

    service: RunningService
    models: Path
    state: StateDir

    def reload(self) -> subprocess.CompletedProcess[str]:
        return reload(RUNTIME_DIR=self.state.folder)

    def version(self) -> str:
        """Of the model that answers."""
        reply = requests.post(
            f"{self.service.url}/api/v1/classify", files={"image": RED}, timeout=TIMEOUT_S
        )
        version: str = reply.json()["model"]["version"]
        return version

    def metrics(self) -> str:
        return requests.get(f"{self.service.url}/metrics", timeout=TIMEOUT_S).text

    def replace(self, **fields: object) -> Path:
        """Put another model in place."""
        folder = self.models / "cat_dog"
        shutil.rmtree(folder, ignore_errors=True)
        write_colour_model(folder, **fields)
        return folder


def reload(**settings: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "api", "reload"],
        cwd=ROOT,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("reload")
    models, keys = folder / "models", folder / "keys"
    write_colour_model(models / "cat_dog")
    keys.write_text("")
    settings = {
        "MODEL_DIR": models,
        "RUNTIME_DIR": folder / "run",
        "WEB_CONCURRENCY": 2,
        "API_KEYS_FILE": keys,
    }
    with running_service(folder, **settings) as service:
        yield World(service, models, StateDir(folder / "run"))
    assert not (folder / "run").exists(), "what is left behind"


def test_new_models_are_served(world: World) -> None:
    world.replace(version="7")
    write_colour_model(world.models / "second", version="1")
    result = world.reload()
    assert result.returncode == 0, result.stderr
    assert "2 workers" in result.stdout
    assert {world.version() for _ in range(10)} == {"7"}
    text = world.metrics()
    assert 'dogorcat_model_workers{model="cat_dog",version="7"} 2.0' in text
    assert 'dogorcat_model_workers{model="cat_dog",version="1"} 0.0' in text
    assert 'dogorcat_model_workers{model="second",version="1"} 2.0' in text
    assert 'dogorcat_last_reload_refused{reason=""} 0.0' in text
    shutil.rmtree(world.models / "second")


def _edit(folder: Path, **members: object) -> None:
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | members))


def _truncate(folder: Path) -> None:
    data = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(data[: len(data) // 2])


def _other_outputs(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    _edit(folder, outputs=card["outputs"] | {"scores": "scoers"})


def _swapped_labels(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    golden = card["golden"]
    golden["noise"]["scores"] = golden["noise"]["scores"][::-1]
    _edit(folder, golden=golden | {"disc": golden["noise"]})


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_truncate, "SHA-256 differs"),
        (lambda folder: (folder / "model.onnx").unlink(), "model.onnx is missing"),
        (lambda folder: (folder / "card.json").unlink(), "card.json cannot be read"),
        (lambda folder: (folder / "card.json").write_text('{"name": "cat'), "card.json is wrong"),
        (lambda folder: _edit(folder, colour="red"), "card.json is wrong at colour"),
        (lambda folder: _edit(folder, name="other"), "DEFAULT_MODEL=cat_dog"),
        (_other_outputs, "has no output scoers"),
        (_swapped_labels, "golden vector"),
        (lambda folder: _edit(folder, files={"../a": {"sha256": "0" * 64}}), "card.json is wrong"),
        (shutil.rmtree, "no model folder"),
    ],
)
def test_bad_models_are_refused(world: World, damage: Callable[[Path], object], words: str) -> None:
    before = world.version()
    damage(world.replace(version="bad"))
    with pytest.raises(DogorcatError) as refusal:
        request(world.state)
    reason, rest = str(refusal.value).split(" The models from before ")
    assert rest == "are still served."
    assert words in reason
    assert str(world.models) in reason, "the operator's folder, not our copy of it"
    assert str(world.state.folder) not in reason
    assert world.version() == before
    escaped = reason.replace("\\", "\\\\").replace('"', '\\"')
    assert f'dogorcat_last_reload_refused{{reason="{escaped}"}} 1.0' in world.metrics()
    assert json.dumps(f"the new models are refused: {reason}") in world.service.output()


def test_a_killed_worker_comes_back_with_the_models_of_the_others(world: World) -> None:
    world.replace(version="8")
    assert world.reload().returncode == 0
    _truncate(world.models / "cat_dog")
    keys = world.models.parent / "keys"
    keys.write_text("what is no key")
    before = world.state.reports()
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    end = time.monotonic() + TIMEOUT_S
    while "a worker cannot start: API_KEYS_FILE" not in world.service.output():
        assert world.version() == "8"
        assert time.monotonic() < end
    keys.write_text("")
    while len(now := world.state.reports()) < 2 or victim in now:
        assert world.version() == "8"
        assert time.monotonic() < end
    assert set(now.values()) == set(before.values())
    assert "dogorcat_workers 2.0" in world.metrics()
    assert world.service.process.poll() is None


def test_a_reload_that_is_killed_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that proves the models may be the one that the kernel picks to free memory."""
    world.replace(version="9")
    proving = threading.Thread(target=_kill_the_prover, args=(world.service.process.pid,))
    proving.start()
    monkeypatch.setattr("api.model_store.reload.TO_BEGIN_S", 2.0)
    with pytest.raises(DogorcatError, match="interrupted"):
        request(world.state)
    proving.join()
    assert world.version() == "8"
    assert world.reload().returncode == 0
    assert world.version() == "9"


def _kill_the_prover(master: int) -> None:
    """Kill what lies below the process that proves new models, then itself."""
    end = time.monotonic() + TIMEOUT_S
    while time.monotonic() < end:
        for child in Path(f"/proc/{master}/task/{master}/children").read_text().split():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                if "api.model_store.verify" in Path(f"/proc/{child}/cmdline").read_text():
                    os.kill(int(child), signal.SIGKILL)
                    return
        time.sleep(0.01)


def test_a_reload_of_nothing(tmp_path: Path) -> None:
    result = reload(RUNTIME_DIR=tmp_path / "run")
    assert result.returncode == 1
    assert result.stderr == f"error: No service is running with RUNTIME_DIR={tmp_path}/run.\n"


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda path: (path / "thesis.txt").write_text("mine"), "holds something else"),
        (lambda path: (path.rmdir(), path.symlink_to("/tmp")), "not this user's"),
        (lambda path: (path.rmdir(), path.write_text("")), "cannot be written"),
    ],
)
def test_a_runtime_dir_that_is_not_ours(
    model_dir: Path, tmp_path: Path, prepare: Callable[[Path], object], words: str
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    prepare(folder)
    result = run_to_its_end(environment(MODEL_DIR=model_dir, RUNTIME_DIR=folder, PORT=free_port()))
    (line,) = [line for line in result.stderr.splitlines() if "cannot start" in line]
    assert f"RUNTIME_DIR={folder}" in line
    assert words in line
    assert "Traceback" not in result.stderr


def test_a_second_service_leaves_the_first_alone(world: World) -> None:
    env = environment(MODEL_DIR=world.models, RUNTIME_DIR=world.state.folder)
    result = run_to_its_end(env | {"PORT": str(free_port())})
    assert "a service that is running uses it" in result.stderr
    assert result.returncode != 0
    assert world.version()


def test_sigterm_finishes_what_is_under_way(model_dir: Path, tmp_path: Path) -> None:
    """An upload that takes a second longer than the service has been told to live."""
    with running_service(tmp_path, MODEL_DIR=model_dir, WEB_CONCURRENCY=1) as service:

        def slowly() -> Iterator[bytes]:
            yield RED[:100]
            service.process.terminate()
            time.sleep(1)
            yield RED[100:]

        reply = requests.post(
            f"{service.url}/api/v1/classify",
            data=slowly(),
            headers={"Content-Type": "image/jpeg"},
            timeout=TIMEOUT_S,
        )
        assert reply.json()["verdict"] == "cat"
    assert service.process.returncode == 0


def test_a_full_disk(tmp_path: Path) -> None:
    """RUNTIME_DIR on a disk of 3 MB, which a reload is too large for, and which fills up then."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        models, settings = tmp_path / "models", {"WEB_CONCURRENCY": 1}
        write_colour_model(models / "cat_dog")
        settings |= {"MODEL_DIR": models, "RUNTIME_DIR": disk / "run"}
        with running_service(tmp_path, **settings) as service:
            world = World(service, models, StateDir(disk / "run"))
            for number in range(2):
                write_colour_model(models / f"large{number}")
                with (models / f"large{number}" / "model.onnx").open("ab") as file:
                    file.write(bytes(2 << 20))
                _enlarge(models / f"large{number}")
            result = world.reload()
            assert result.returncode == 1
            assert "No space left on device" in result.stderr
            assert world.version() == "1"
            left = os.statvfs(disk)
            (disk / "fill").write_bytes(bytes(left.f_bavail * left.f_frsize))
            assert {world.version() for _ in range(20)} == {"1"}
            assert "dogorcat_workers 1.0" in world.metrics()
        result = run_to_its_end(environment(**settings, PORT=free_port()))
        (line,) = [line for line in result.stderr.splitlines() if "cannot start" in line]
        assert "No space left on device" in line
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def _enlarge(folder: Path) -> None:
    """Let the card describe the file as it is."""
    files = {"model.onnx": {"sha256": sha256_of(folder / "model.onnx"), "tolerance": 1e-3}}
    _edit(folder, files=files)
