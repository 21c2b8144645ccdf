"""What hostile links and files cost: `python -m bench.security [network] [decode] [memory] [load]`.

Prints the figures that docs/security.md quotes; takes about three minutes. `network` needs root
and Linux namespaces, `memory` and `load` need /proc.
"""

import io
import json
import socket
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
from common.images.inspect import MAX_PIXELS
from support.colour_model import write_colour_model
from support.hostile_network.inside import FETCH_TIMEOUT_S
from support.hostile_network.network import why_not
from support.hostile_pictures import HOSTILE, gradient, picture, plain, png
from support.raw_server import RawServer, forever
from support.running import ROOT, RunningService, running_service

MB = 1_000_000
DRIP_PORT = 18_999
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"


def network() -> None:
    """Every hostile URL against the real service, in a network full of canaries."""
    reason = why_not()
    if reason:
        print(f"network: skipped, needs root and Linux namespaces ({reason})")
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "support.hostile_network.inside", folder]
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
    "WebP, 21 Mpx": lambda: plain("WEBP", 4600, 4600, method=0),
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
            statuses.append(_classify(service, data).status_code)

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


def load() -> None:
    """The p99 of ordinary requests: quiet, and beside 50 dripping fetches and 50 slow uploads."""
    with _service(
        FETCH_ALLOWED_NETWORKS="127.0.0.0/8",
        FETCH_ALLOWED_PORTS=DRIP_PORT,
        FETCH_CONCURRENCY=50,  # so that all fifty are under way, whichever worker they meet
        THREADS=128,
    ) as service:
        data = plain("JPEG", 500, 375)
        command = [sys.executable, "-m", "bench.security", "attack", service.url]
        _times(service, data, 50)
        quiet: list[float] = []
        loaded: list[float] = []
        for _ in range(5):  # in turns, since this machine may have other work
            quiet += _times(service, data, 200)
            with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) as attacker:
                time.sleep(4)
                loaded += _times(service, data, 200)
                attacker.communicate()  # closing its input ends it
    was, became = (statistics.quantiles(times, n=100)[98] for times in (quiet, loaded))
    print("load: an ordinary JPEG again and again, by one client")
    print(f"  p99 quiet                            {was * 1000:.1f} ms")
    print(f"  p99 beside 50 fetches, 50 uploads    {became * 1000:.1f} ms")
    print(f"  ratio                                {became / was:.2f}")


def attack(service: str) -> None:
    """Fifty fetches from servers that drip and fifty uploads that do, until the input is closed."""
    done = threading.Event()
    hosts = [f"127.0.0.{i}" for i in range(1, 26)]
    servers = [RawServer(forever(HEAD, b"x", 0.2, done), host, DRIP_PORT) for host in hosts]
    endpoint = f"{service}/api/v1/classify"

    def fetch(server: RawServer, host: str) -> None:
        while not done.is_set():
            requests.post(endpoint, json={"url": server.url(host=host)}, timeout=60)

    def drip() -> Iterator[bytes]:
        while not done.wait(0.2):
            yield b"x"

    def upload() -> None:
        while not done.is_set():
            with suppress(requests.RequestException):
                headers = {"Content-Type": "image/jpeg"}
                requests.post(endpoint, data=drip(), headers=headers, timeout=60)

    threads = [threading.Thread(target=upload) for _ in range(50)]
    for server, host in zip(servers, hosts, strict=True):
        server.__enter__()
        threads += [threading.Thread(target=fetch, args=(server, host)) for _ in range(2)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    done.set()
    under_way = sum(server.connections for server in servers)
    for server in servers:
        server.close()
    for thread in threads:
        thread.join()
    assert under_way == 50, f"only {under_way} dripping fetches were under way"


def _times(service: RunningService, data: bytes, number: int) -> list[float]:
    """The seconds that each of so many answers takes."""
    taken = []
    for _ in range(number):
        start = time.perf_counter()
        answer = _classify(service, data)
        assert answer.status_code == 200, answer.text
        taken.append(time.perf_counter() - start)
    return taken


PARTS = {part.__name__: part for part in (network, decode, memory, load)}


def main() -> None:
    if sys.argv[1:2] == [
        "attack"
    ]:  # `load` starts it, so that the two do not share a processor lock
        return attack(sys.argv[2])
    asked = sys.argv[1:] or list(PARTS)
    if not set(asked) <= set(PARTS):
        sys.exit(__doc__)
    for name in asked:
        PARTS[name]()


if __name__ == "__main__":
    main()
