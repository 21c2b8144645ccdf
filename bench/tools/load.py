"""Load from outside, by wrk: closed loop and open loop."""

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.tools.processes import Server

BOUNDARY = "5f0b9d7c"
PAUSE_MS = 300
"""Between two photos of a connection of the open loop, on average."""


@dataclass(frozen=True)
class Load:
    """What came of some seconds of load."""

    answers: int
    seconds: float
    failed: int
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    """CPU time of all of the server's processes, per answer."""

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds


def multipart(photo: bytes) -> tuple[bytes, dict[str, str]]:
    """A form with the photo as the field `image`: body and headers."""
    body = (
        (
            f"--{BOUNDARY}\r\n"
            'Content-Disposition: form-data; name="image"; filename="photo.jpg"\r\n'
            "Content-Type: image/jpeg\r\n\r\n"
        ).encode()
        + photo
        + f"\r\n--{BOUNDARY}--\r\n".encode()
    )
    return body, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def whole_request(path: str, photo: bytes) -> bytes:
    """The bytes of an HTTP request that posts a photo as a form."""
    body, headers = multipart(photo)
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextlib.contextmanager
def request_files(path: str, photos: Sequence[bytes]) -> Iterator[Path]:
    """The requests that post some photos, as files named 0, 1, …"""
    with tempfile.TemporaryDirectory() as name:
        for i, photo in enumerate(photos):
            (Path(name) / str(i)).write_bytes(whole_request(path, photo))
        yield Path(name)


def closed(server: Server, photos: Sequence[bytes], connections: int, seconds: float) -> Load:
    """Each connection sends its next photo as soon as it has its answer."""
    return _wrk(server, photos, connections, 0, seconds)


def open_loop(
    server: Server, photos: Sequence[bytes], rate: float, quiet_ms: float, seconds: float
) -> Load:
    """Photos arrive at random moments, `rate` in a second, as from many visitors.

    Each of some dozens of connections pauses at random between two photos, so that a slow answer
    delays only what its own connection would have sent (nearly a Poisson process; wrk does it for
    little of the cores that it shares).

    Args:
        quiet_ms: how long an answer takes when nothing else goes on.
    """
    connections = max(1, round(rate * (PAUSE_MS + quiet_ms) / 1000))
    return _wrk(server, photos, connections, PAUSE_MS, seconds)


def _wrk(
    server: Server, photos: Sequence[bytes], connections: int, pause_ms: int, seconds: float
) -> Load:
    with request_files(server.path, photos) as folder:
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
        command += ["-s", str(Path(__file__).with_name("wrk.lua")), server.url]
        before = server.cpu_s()
        done = subprocess.run(
            [*command, "--", str(folder), str(len(photos)), str(pause_ms)],
            capture_output=True,
            text=True,
            check=True,
        )
        spent = server.cpu_s() - before
    found = json.loads(done.stdout.splitlines()[-1])
    return Load(**found, cpu_ms=1000 * spent / max(found["answers"], 1))
