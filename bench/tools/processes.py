"""Starts a server, waits until it is ready, and reads its CPU time and memory from /proc."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support.running import free_port

PATIENCE_S = 120
TICKS = os.sysconf("SC_CLK_TCK")


class NotStarted(Exception):
    """A server that is not there, ended, or did not answer, in one line."""


@dataclass
class Server:
    """A process with all it has started.

    Args:
        name: for messages.
        process: the one that was started by us, in a session of its own.
        port: where it answers on 127.0.0.1.
        path: of the request that classifies a picture.
        log: what it has written.
    """

    name: str
    process: subprocess.Popen[bytes]
    port: int
    path: str
    log: Path
    ready_s: float = field(default=0.0)
    """Seconds from the start of the process to its first answer."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    def pids(self) -> list[int]:
        """The process and all that descend from it."""
        parents = _parents()
        family = [self.process.pid]
        for pid in family:
            family += [child for child, parent in parents.items() if parent == pid]
        return family

    def cpu_s(self) -> float:
        """CPU seconds, user and system, of all of them, those that have ended included."""
        ticks = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                fields = _stat(pid)
                ticks += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
        return ticks / TICKS

    def pss_mb(self) -> float:
        """Memory of all of them in 10⁶ bytes; what several share is counted once."""
        kib = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
                kib += sum(int(x.split()[1]) for x in text.splitlines() if x.startswith("Pss:"))
        return kib * 1024 / 1e6


@contextlib.contextmanager
def running(
    name: str, command: list[str], path: str, env: Mapping[str, str], cwd: Path, request: bytes
) -> Iterator[Server]:
    """Start a server, wait for its first answer, and end all of its processes at last.

    Args:
        command: `{port}` in it stands for the port to listen on.
        request: the whole HTTP request to send until it is answered with 200.

    Raises:
        NotStarted: it is not installed, it ended, or it did not answer.
    """
    port = free_port()
    log = Path(f".cache/bench/{name.replace(' ', '_').replace(',', '')}.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                [part.format(port=port) for part in command],
                cwd=cwd,
                env={**os.environ, **env, "PORT": str(port)},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise NotStarted(f"{name} is not installed: {error.filename}") from None
    server = Server(name, process, port, path, log.absolute())
    try:
        while not _answers(port, request):
            late = time.perf_counter() - start > PATIENCE_S
            if process.poll() is not None or late:
                lines = log.read_text(errors="replace").split("\n")
                last = next((line for line in reversed(lines) if line.strip()), "it says nothing")
                raise NotStarted(f"{name} does not start: {last.strip()} (all of it: {log})")
            time.sleep(0.02)
        server.ready_s = time.perf_counter() - start
        yield server
    finally:
        _end(server)


def _end(server: Server) -> None:
    family = server.pids()
    server.process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.process.wait(15)
    for pid in family:  # what some leave behind
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    server.process.wait()


def _answers(port: int, request: bytes) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
            connection.sendall(request)
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def _parents() -> dict[int, int]:
    """Process -> its parent, for every process there is."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                found[int(entry.name)] = int(_stat(int(entry.name))[1])
    return found


def _stat(pid: int) -> list[str]:
    """/proc/PID/stat from its third field on: a name may hold spaces and brackets."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
