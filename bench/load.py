"""Load from outside: closed loop by wrk, open loop by a schedule of our own."""

import contextlib
import http.client
import json
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.processes import Server

BOUNDARY = "5f0b9d7c"
CONNECTIONS = 64
"""Of the open loop: who would need more of them is overloaded."""


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


@contextlib.contextmanager
def side_by_side(ask: Callable[[int], None], clients: int, over: threading.Event) -> Iterator[None]:
    """Threads that each run `ask` with a number of their own; `over` tells them when to end."""
    threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def closed(server: Server, photos: Sequence[bytes], connections: int, seconds: float) -> Load:
    """Each connection sends its next photo as soon as it has its answer."""
    with request_files(server.path, photos) as folder:
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
        command += ["-s", str(Path(__file__).with_name("wrk.lua")), server.url]
        before = server.cpu_s()
        done = subprocess.run(
            [*command, "--", str(folder), str(len(photos))],
            capture_output=True,
            text=True,
            check=True,
        )
        spent = server.cpu_s() - before
    found = json.loads(done.stdout.splitlines()[-1])
    return Load(**found, cpu_ms=1000 * spent / max(found["answers"], 1))


def open_loop(server: Server, photos: Sequence[bytes], rate: float, seconds: float) -> Load:
    """Photos arrive at random moments, `rate` in a second, whether the server keeps up or not.

    A latency counts from the moment at which the photo was due, so that a server that falls behind
    cannot hide it (no coordinated omission). Arrivals are a Poisson process.
    """
    rng = np.random.default_rng(70)
    due = np.cumsum(rng.exponential(1 / rate, int(rate * seconds)))
    bodies = [multipart(photo) for photo in photos]
    waiting: queue.Queue[tuple[int, float] | None] = queue.Queue()
    latencies, failed = [], []
    before = server.cpu_s()
    start = time.perf_counter() + 0.05

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        while (job := waiting.get()) is not None:
            number, moment = job
            body, headers = bodies[number % len(bodies)]
            try:
                connection.request("POST", server.path, body, headers)
                answer = connection.getresponse()
                answer.read()
                ok = answer.status == 200
            except (OSError, http.client.HTTPException):
                connection.close()
                ok = False
            (latencies if ok else failed).append(time.perf_counter() - start - moment)
        connection.close()

    clients = [threading.Thread(target=client) for _ in range(CONNECTIONS)]
    for one in clients:
        one.start()
    for number, moment in enumerate(due):
        time.sleep(max(0.0, start + moment - time.perf_counter()))
        waiting.put((number, moment))
    for _ in clients:
        waiting.put(None)
    for one in clients:
        one.join()
    spent = server.cpu_s() - before
    p50, p99 = np.percentile(latencies, [50, 99]) * 1000 if latencies else (np.nan, np.nan)
    return Load(
        len(latencies),
        time.perf_counter() - start,
        len(failed),
        float(p50),
        float(p99),
        1000 * spent / max(len(latencies), 1),
    )
