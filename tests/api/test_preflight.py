"""Where the service listens, and what it says where it cannot."""

import resource
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from api import preflight
from support.running import GUNICORN, PATIENCE_S, ROOT, environment, free_port, run_to_its_end

SYSTEMD_SOCKET = Path("/usr/bin/systemd-socket-activate")


@contextmanager
def listening(family: socket.AddressFamily, address: object) -> Iterator[None]:
    with socket.socket(family) as listener:
        listener.bind(address)
        listener.listen()
        yield


def complaint(**settings: object) -> str:
    result = run_to_its_end(environment(**settings))
    (line,) = [line for line in result.stderr.splitlines() if "cannot start" in line]
    assert result.returncode != 0
    assert "Traceback" not in result.stderr
    return line


def test_a_port_in_use(model_dir: Path, tmp_path: Path) -> None:
    port = free_port()
    with listening(socket.AF_INET, ("127.0.0.1", port)):
        line = complaint(MODEL_DIR=model_dir, PORT=port, RUNTIME_DIR=tmp_path / "run")
    assert line == (
        f"dogorcat cannot start: HOST=127.0.0.1, PORT={port}: another program listens there."
    )


def test_an_address_of_another_machine(model_dir: Path) -> None:
    assert "nobody can listen there" in complaint(MODEL_DIR=model_dir, HOST="192.0.2.1")


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda path: path.parent.rmdir(), "the folder is not there or cannot be written"),
        (lambda path: path.write_text(""), "a file of that name that is no socket"),
    ],
)
def test_a_socket_that_cannot_be(
    model_dir: Path, tmp_path: Path, prepare: Callable[[Path], object], words: str
) -> None:
    path = tmp_path / "sockets" / "api.sock"
    path.parent.mkdir()
    prepare(path)
    line = complaint(MODEL_DIR=model_dir, HOST=f"unix:{path}")
    assert f"HOST=unix:{path}" in line
    assert words in line


def test_a_socket_in_use_is_left_alone(model_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    with listening(socket.AF_UNIX, str(path)):
        line = complaint(MODEL_DIR=model_dir, HOST=f"unix:{path}", RUNTIME_DIR=tmp_path / "run")
        assert "another program listens there" in line
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


@contextmanager
def started(command: list[str], env: dict[str, str], folder: Path) -> Iterator[None]:
    """A service whose output is kept; it must end of its own accord when it is told to."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0, (folder / "log").read_text()


def ready(family: socket.AddressFamily, address: object) -> bool:
    """Ask /readyz once somebody listens."""
    end = time.monotonic() + PATIENCE_S
    while True:
        with socket.socket(family) as client:
            client.settimeout(PATIENCE_S)
            try:
                client.connect(address)
            except OSError:
                assert time.monotonic() < end, "nobody listens"
                time.sleep(0.05)
                continue
            client.sendall(b"GET /readyz HTTP/1.0\r\n\r\n")
            return b" 200 OK" in client.recv(100)


def test_a_socket_from_systemd(model_dir: Path, tmp_path: Path) -> None:
    """The socket is there before the service, which starts with the first request."""
    if not SYSTEMD_SOCKET.exists():
        pytest.skip("no systemd-socket-activate on this machine")
    path = str(tmp_path / "api.sock")
    env = environment(MODEL_DIR=model_dir, RUNTIME_DIR=tmp_path / "run", WEB_CONCURRENCY=1)
    setenv = [f"--setenv={name}" for name in env]
    command = [str(SYSTEMD_SOCKET), f"--listen={path}", *setenv, *GUNICORN]
    with started(command, env, tmp_path):
        assert ready(socket.AF_UNIX, path)
    assert Path(path).exists(), "it is not ours to remove"


def test_a_unix_socket(model_dir: Path, tmp_path: Path) -> None:
    """One that a killed service left behind is replaced."""
    path = str(tmp_path / "api.sock")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    env = environment(MODEL_DIR=model_dir, HOST=f"unix:{path}", WEB_CONCURRENCY=1)
    with started(GUNICORN, env, tmp_path):
        assert ready(socket.AF_UNIX, path)
    assert not Path(path).exists()


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ((5000, 5000), 1000),  # more than enough
        ((1024, 524288), 1000),  # as most systems have it: raised
        ((1024, resource.RLIM_INFINITY), 1000),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), 1000),
        ((256, 1024), 1024 - preflight.SPARE_FILES),  # raised as far as it goes
        ((100, 100), 1),
    ],
)
def test_open_files_bound_the_connections(
    limits: tuple[int, int], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [limits]
    monkeypatch.setattr(resource, "getrlimit", lambda kind: now[0])
    monkeypatch.setattr(resource, "setrlimit", lambda kind, value: now.__setitem__(0, value))
    assert preflight.connections(1000) == expected
    soft, hard = now[0]
    assert hard == limits[1]
    assert soft == resource.RLIM_INFINITY or soft >= min(limits[0], 1000 + preflight.SPARE_FILES)
