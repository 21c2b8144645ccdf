"""What hostile links and files cost: `python -m bench.security [network] [decode] [memory] [load]`.

Prints the figures that docs/security.md quotes; takes about three minutes. `network` needs root
and Linux namespaces, `memory` and `load` need /proc.
"""

import io
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import requests
from PIL import Image

from common import images
from common.headers import MAX_PIXELS
from tests.colour_model import write_colour_model
from tests.hostile_pictures import HOSTILE, gradient, picture, plain, png
from tests.raw_server import RawServer, forever
from tests.running import ROOT, RunningService, running_service
from tests.security.inside import FETCH_TIMEOUT_S
from tests.security.network import why_not

MB = 1_000_000
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"


def network() -> None:
    """Every hostile URL against the real service, in a network full of canaries."""
    reason = why_not()
    if reason:
        print(f"network: skipped, needs root and Linux namespaces ({reason})")
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.security.inside", folder]
        subprocess.run(["unshare", "--net", "--mount", *command], cwd=ROOT, check=True)
        report = json.loads((Path(folder) / "report.json").read_text())
    outcomes = report["outcomes"]
    slowest = max(outcomes, key=lambda one: one["seconds"])
    print(f"network: {len(outcomes)} URLs, {_count(outcomes, 'must work')} of them ordinary")
    print(f"  connections to forbidden addresses   {len(report['canary'])}")
    print(f"  answers of 500                       {sum(o['status'] == 500 for o in outcomes)}")
    refused = sum(o["status"] != 200 for o in outcomes if o["kind"] == "must work")
    print(f"  ordinary URLs refused                {refused}")
    print(
        f"  slowest answer / FETCH_TIMEOUT_S     {slowest['seconds'] / FETCH_TIMEOUT_S:.2f}"
        f" ({slowest['url']})"
    )


def _count(outcomes: list[dict[str, object]], kind: str) -> int:
    return sum(outcome["kind"] == kind for outcome in outcomes)


def decode() -> None:
    """A normal JPEG of 500 x 375, against Pillow with the same draft and resize."""
    noise = np.random.RandomState(1).randint(0, 60, (375, 500, 3))
    image = Image.fromarray((np.asarray(gradient(500, 375)) * 0.75 + noise).astype(np.uint8))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    data = out.getvalue()

    def with_pillow() -> object:
        opened = Image.open(io.BytesIO(data))
        opened.draft("RGB", (224, 224))
        return np.asarray(opened.resize((224, 224), Image.Resampling.BILINEAR))

    def ours() -> object:
        return images.decode(data, (224, 224))

    ratio = _ratio(ours, with_pillow)
    print(f"decode: a JPEG of 500 x 375 ({len(data) // 1000} kB) to 224 x 224")
    print(f"  ours / plain Pillow                  {ratio:.3f}")


def _ratio(one: Callable[[], object], other: Callable[[], object], rounds: int = 400) -> float:
    """Median time of one call over that of the other, measured in turns."""
    times: dict[Callable[[], object], list[float]] = {one: [], other: []}
    for _ in range(rounds):
        for work, taken in times.items():
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    return statistics.median(times[one]) / statistics.median(times[other])


@contextmanager
def _service(**settings: object) -> Iterator[RunningService]:
    with tempfile.TemporaryDirectory() as folder:
        write_colour_model(Path(folder) / "models" / "cat_dog", side=224)
        defaults = {
            "MODEL_DIR": Path(folder) / "models",
            "WEB_CONCURRENCY": 2,
            "RATE_LIMIT": "1000000 per minute",
        }
        with running_service(Path(folder), **defaults | settings) as service:
            yield service


def _classify(service: RunningService, data: bytes) -> requests.Response:
    return requests.post(
        f"{service.url}/api/v1/classify",
        data=data,
        headers={"Content-Type": "image/jpeg"},
        timeout=120,
    )


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


LARGE: dict[str, Callable[[], bytes]] = {
    "PNG with alpha, 49 Mpx": lambda: png(7000, 7000, 8, 6),
    "PNG, grey of 16 bits, 49 Mpx": lambda: png(7000, 7000, 16, 0),
    "PNG with a palette, 49 Mpx": lambda: plain_palette(7000),
    "JPEG, progressive 4:4:4, 49 Mpx": lambda: plain(
        "JPEG", 7000, 7000, progressive=True, subsampling=0
    ),
    "JPEG, 49 Mpx": lambda: plain("JPEG", 7000, 7000),
    "WebP, 24 Mpx": lambda: plain("WEBP", 4900, 4900, method=0),
    "AVIF, 30 Mpx": lambda: plain("AVIF", 5500, 5500, speed=10),
}


def plain_palette(side: int) -> bytes:
    out = io.BytesIO()
    Image.new("P", (side, side)).save(out, "PNG")
    return out.getvalue()


def memory() -> None:
    """Memory above idle while eight clients send the largest pictures and every hostile file."""
    files = {name: make() for name, make in LARGE.items()}
    hostile = [make() for make, _ in HOSTILE.values()]
    workers = 2
    with _service(WEB_CONCURRENCY=workers) as service:
        for _ in range(20):
            _classify(service, picture("JPEG"))
        idle = peak = _memory(service.process.pid)
        done = threading.Event()

        def watch() -> None:
            nonlocal peak
            while not done.wait(0.01):
                peak = max(peak, _memory(service.process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        statuses: list[int] = []

        def send(data: bytes) -> None:
            statuses.append(_classify(service, data).status_code)

        print(f"memory: {workers} workers, idle at {idle / MB:.0f} MB")
        for name, data in files.items():
            before, peak = peak, _memory(service.process.pid)
            _at_once(lambda data=data: send(data), 8)
            print(f"  {name:37}{(peak - idle) / MB:.0f} MB above idle")
            peak = max(peak, before)
        for data in hostile:
            _at_once(lambda data=data: send(data), 2)
        done.set()
        watcher.join()
    at_once = workers * images.LARGEST_AT_ONCE
    allowed = 4 * MAX_PIXELS * at_once + 100 * MB
    print(f"  most, hostile files included         {(peak - idle) / MB:.0f} MB above idle")
    print(
        f"  allowed: 4 B x {MAX_PIXELS // MB} Mpx x {at_once} at once + 100 MB"
        f" = {allowed / MB:.0f} MB"
    )
    print(f"  answers of 500                       {statuses.count(500)} of {len(statuses)}")


def _at_once(work: Callable[[], object], number: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def load() -> None:
    """The p99 of ordinary requests: quiet, and beside 50 dripping fetches and 50 slow uploads."""
    hosts = [f"127.0.0.{i}" for i in range(1, 26)]
    closing = threading.Event()
    first = RawServer(forever(HEAD, b"x", 0.2, closing), hosts[0])
    servers = [
        first,
        *(RawServer(forever(HEAD, b"x", 0.2, closing), h, first.port) for h in hosts[1:]),
    ]
    for server in servers:
        server.__enter__()
    settings = {"FETCH_ALLOWED_NETWORKS": "127.0.0.0/8", "FETCH_ALLOWED_PORTS": first.port}
    with _service(**settings) as service:
        data = plain("JPEG", 500, 375)
        _times(service, data, 50)
        quiet = _times(service, data, 400)
        done = threading.Event()
        busy: list[int] = []

        def fetch(number: int) -> None:
            url = first.url(host=hosts[number % len(hosts)])
            while not done.is_set():
                answer = requests.post(
                    f"{service.url}/api/v1/classify", json={"url": url}, timeout=60
                )
                busy.append(answer.status_code)
                done.wait(1)

        def upload() -> None:
            while not done.is_set():
                with suppress(requests.RequestException):
                    _classify(service, _dripping(done))  # type: ignore[arg-type]

        threads = [threading.Thread(target=fetch, args=(i,)) for i in range(50)]
        threads += [threading.Thread(target=upload) for _ in range(50)]
        for thread in threads:
            thread.start()
        time.sleep(2)
        loaded = _times(service, data, 400)
        under_way = sum(server.connections for server in servers)
        done.set()
        closing.set()
        for thread in threads:
            thread.join()
    for server in servers:
        server.close()
    print("load: an ordinary JPEG again and again, by one client")
    print(f"  p99 quiet                            {quiet * 1000:.1f} ms")
    print(f"  p99 beside 50 fetches, 50 uploads    {loaded * 1000:.1f} ms")
    print(f"  ratio                                {loaded / quiet:.2f}")
    print(
        f"  dripping fetches dialled             {under_way}, told to come back {busy.count(503)}"
    )


def _times(service: RunningService, data: bytes, number: int) -> float:
    """The 99th percentile of the seconds that an answer takes."""
    taken = []
    for _ in range(number):
        start = time.perf_counter()
        assert _classify(service, data).status_code == 200
        taken.append(time.perf_counter() - start)
    return statistics.quantiles(taken, n=100)[98]


def _dripping(done: threading.Event) -> Iterator[bytes]:
    while not done.wait(0.2):
        yield b"x"


PARTS = {part.__name__: part for part in (network, decode, memory, load)}


def main() -> None:
    asked = sys.argv[1:] or list(PARTS)
    if not set(asked) <= set(PARTS):
        sys.exit(__doc__)
    for name in asked:
        PARTS[name]()


if __name__ == "__main__":
    main()
