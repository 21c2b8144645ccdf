"""Whether memory stays level: `python -m bench.soak [--tiny] [REQUESTS]`, by default 100,000.

The shipped model under two workers; four clients send photos and broken photos without a pause,
and want heat maps and previews of some. Prints the memory of all processes as it goes, then that of
twenty reloads: the curve that docs/operations.md quotes. Takes half an hour on two cores; five
minutes with --tiny, the model of the tests.
"""

import argparse
import http.client
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.model_store import reload
from api.model_store.state_dir import StateDir
from bench.tools.load import multipart
from bench.tools.processes import Server
from support.clients import side_by_side
from support.colour_model import write_colour_model
from support.photos import small
from support.running import ROOT, running_service

CLIENTS = 4
POINTS = 20
RELOADS = 20
KINDS = (
    ("classify", False),
    ("classify", False),
    ("classify?explain=true", False),
    ("classify", False),
    ("classify?explain=true&preview=true", False),
    ("classify", True),
)
"""(endpoint, whether the photo is a broken one), in turns."""


def main(wanted: int, tiny: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        models = ROOT / "models"
        if tiny:
            models = Path(name) / "models"
            write_colour_model(models / "cat_dog")
        state = StateDir(Path(name) / "run")
        settings = {"MODEL_DIR": models, "RUNTIME_DIR": state.folder}
        settings |= {"REQUEST_TIMEOUT_S": 60}  # this process may have to wait
        with running_service(
            Path(name), WEB_CONCURRENCY=2, LOG_LEVEL="warning", **settings
        ) as service:
            server = Server("dogorcat", service.process, 0, "", service.log)
            statuses: Counter[int] = Counter()
            print("answers   memory of all processes, MB")
            print(f"{0:7}   {server.pss_mb():.0f}")
            with _clients(service.url, statuses):
                for point in range(1, POINTS + 1):
                    while statuses.total() < wanted * point / POINTS:
                        time.sleep(0.1)
                    print(f"{statuses.total():7}   {server.pss_mb():.0f}", flush=True)
                peaks = []
                for _ in range(RELOADS):
                    with _watched(server) as seen:
                        reload.request(state)
                    peaks.append(max(seen))
                time.sleep(2)
            print(f"answers by status (0: none): {dict(sorted(statuses.items()))}")
            print(f"{RELOADS} reloads under the same load: at most {max(peaks):.0f}", end=", ")
            print(
                f"the first {peaks[0]:.0f}, the last {peaks[-1]:.0f}; {server.pss_mb():.0f} after"
            )


@contextmanager
def _clients(url: str, statuses: Counter[int]) -> Iterator[None]:
    """Clients that ask without a pause until the block ends."""
    over, lock = threading.Event(), threading.Lock()
    photos = small().files

    def ask(number: int) -> None:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=600)
        while not over.is_set():
            number += 1
            endpoint, broken = KINDS[number % len(KINDS)]
            photo = photos[number % len(photos)]
            body, headers = multipart(photo[:2000] if broken else photo)
            try:
                connection.request("POST", f"/api/v1/{endpoint}", body, headers)
                reply = connection.getresponse()
                reply.read()
                status = reply.status
            except (OSError, http.client.HTTPException):
                connection.close()  # kept alive for too long, if this process had to wait
                status = 0
            with lock:
                statuses[status] += 1

    with side_by_side(ask, CLIENTS, over):
        yield


@contextmanager
def _watched(server: Server) -> Iterator[list[float]]:
    """The memory of a server while the block runs, in MB, ten times a second."""
    over = threading.Event()
    seen: list[float] = [server.pss_mb()]

    def look() -> None:
        while not over.wait(0.1):
            seen.append(server.pss_mb())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("requests", metavar="REQUESTS", type=int, nargs="?", default=100_000)
    parser.add_argument("--tiny", action="store_true", help="the model of the tests")
    args = parser.parse_args()
    main(args.requests, args.tiny)
