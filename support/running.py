"""The real service as a process of its own, for tests from outside."""

import contextlib
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent
GUNICORN = [sys.executable, "-m", "gunicorn", "--config", "python:api.gunicorn_conf"]
PATIENCE_S = 60
PORTS = range(20_000, 32_000)
"""Below those that Linux gives to outgoing connections, and above those of Ray's workers."""


@dataclass(frozen=True)
class RunningService:
    """A service that is ready: where it answers, and the process of its gunicorn master."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def address(self) -> tuple[str, int]:
        """Its host and port."""
        host, port = self.url.removeprefix("http://").split(":")
        return host, int(port)

    def output(self) -> str:
        """What it has written so far, to standard output and error."""
        return self.log.read_text(errors="replace")


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on, and that nobody is given by chance.

    One that the system chooses may be another connection's before its server listens on it.
    """
    while True:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def environment(**settings: object) -> dict[str, str]:
    """This process's environment, but with these settings of the service and no others."""
    keep = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
    base = {name: os.environ[name] for name in keep if name in os.environ}
    return base | {name: str(value) for name, value in settings.items()}


@contextlib.contextmanager
def running_service(tmp_path: Path, **settings: object) -> Iterator[RunningService]:
    """Start gunicorn, wait until it is ready, and end it with SIGTERM.

    Args:
        tmp_path: where its output is kept.
        settings: environment variables, as in the README's table.
    """
    port = int(str(settings.setdefault("PORT", free_port())))
    settings.setdefault("RATE_LIMIT", "1000000 per minute")  # every test is the same client
    log = tmp_path / f"service-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            GUNICORN,
            cwd=ROOT,
            env=environment(**settings),
            stdout=output,
            stderr=output,
        )
    service = RunningService(f"http://127.0.0.1:{port}", process, log)
    try:
        wait_until_ready(service)
        yield service
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def wait_until(true: Callable[[], bool]) -> None:
    """Return as soon as something is true; fail if it takes too long."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def wait_until_ready(service: RunningService) -> None:
    """Return as soon as /readyz answers 200; fail with the service's output if it ends before."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if service.process.poll() is not None:
            raise AssertionError(f"the service ended:\n{service.output()}")
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(f"{service.url}/readyz", timeout=PATIENCE_S).ok:
                return
        time.sleep(0.05)
    raise AssertionError(f"the service is not ready:\n{service.output()}")


def run_to_its_end(env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Start a service that is expected to refuse to start, and return its output."""
    return subprocess.run(
        GUNICORN, cwd=ROOT, env=dict(env), capture_output=True, text=True, timeout=PATIENCE_S
    )
