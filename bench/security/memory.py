"""Hostile and large pictures: how much memory the service takes for them."""

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from PIL import Image

from bench.security.service import classify, open_service
from common import images
from common.images.inspect import MAX_PIXELS
from support.hostile_pictures import HOSTILE, picture, plain, png
from support.running import RunningService

MB = 1_000_000

LARGE: dict[str, Callable[[], bytes]] = {
    "PNG with alpha, 49 Mpx": lambda: png(7000, 7000, 8, 6),
    "PNG, grey of 16 bits, 49 Mpx": lambda: png(7000, 7000, 16, 0),
    "PNG with a palette, 49 Mpx": lambda: _plain_palette(7000),
    "JPEG, progressive 4:4:4, 49 Mpx": lambda: plain(
        "JPEG", 7000, 7000, progressive=True, subsampling=0
    ),
    "JPEG, 49 Mpx": lambda: plain("JPEG", 7000, 7000),
    "WebP, 21 Mpx": lambda: plain("WEBP", 4600, 4600, method=0),
    "AVIF, 30 Mpx": lambda: plain("AVIF", 5500, 5500, speed=10),
}


def _plain_palette(side: int) -> bytes:
    out = io.BytesIO()
    Image.new("P", (side, side)).save(out, "PNG")
    return out.getvalue()


def memory() -> None:
    """Memory above idle while eight clients send the largest pictures and every hostile file."""
    files = {name: make() for name, make in LARGE.items()}
    hostile = [make() for make, _ in HOSTILE.values()]
    workers = 2
    with open_service(WEB_CONCURRENCY=workers) as service:
        for _ in range(20):
            classify(service, picture("JPEG"))
        idle = _memory(service.process.pid)
        samples = [idle]
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.01):
                samples.append(_memory(service.process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        statuses: list[int] = []

        def send(data: bytes) -> None:
            statuses.append(classify(service, data).status_code)

        print(f"memory: {workers} workers, idle at {idle / MB:.0f} MB")
        with _bodies_that_never_end(service, 8):
            for name, data in files.items():
                start = len(samples)
                _at_once(lambda data=data: send(data), 8)
                peak = max(samples[start:], default=idle)
                print(f"  {name:37}{(peak - idle) / MB:.0f} MB above idle")
        for data in hostile:
            _at_once(lambda data=data: send(data), 2)
        done.set()
        watcher.join()
    peak = max(samples)
    at_once = workers * images.LARGEST_AT_ONCE
    allowed = 4 * MAX_PIXELS * at_once + 100 * MB
    print(f"  most, hostile files included         {(peak - idle) / MB:.0f} MB above idle")
    print(
        f"  allowed: 4 B x {MAX_PIXELS // MB} Mpx x {at_once} at once + 100 MB"
        f" = {allowed / MB:.0f} MB"
    )
    print(f"  answers of 500                       {statuses.count(500)} of {len(statuses)}")


def _memory(pid: int) -> int:
    """Bytes of a process and all below it, what they share counted once (proportional set size)."""
    total = 0
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
        for thread in Path(f"/proc/{pid}/task").iterdir():
            total += sum(map(_memory, map(int, (thread / "children").read_text().split())))
    return total


@contextmanager
def _bodies_that_never_end(service: RunningService, number: int) -> Iterator[None]:
    """Clients that each send a batch of 30 MB but for its end, again and again."""
    body = b'--b\r\nContent-Disposition: form-data; name="image"; filename="x"\r\n\r\n'
    body += bytes(30 * MB)
    head = (
        "POST /api/v1/classify/batch HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n"
        f"Content-Length: {len(body) + 1}\r\n\r\n"
    ).encode()
    host, _, port = service.url.removeprefix("http://").partition(":")
    done = threading.Event()

    def send() -> None:
        while not done.is_set():
            with suppress(OSError), socket.create_connection((host, int(port)), 60) as client:
                client.sendall(head + body)
                client.settimeout(0.5)
                while not done.is_set():
                    with suppress(TimeoutError):
                        client.recv(65536)
                        break

    threads = [threading.Thread(target=send) for _ in range(number)]
    for thread in threads:
        thread.start()
    time.sleep(2)
    yield
    done.set()
    for thread in threads:
        thread.join()


def _at_once(work: Callable[[], object], number: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
