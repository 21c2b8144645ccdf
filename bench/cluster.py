"""What Ray costs, and what it brings: three measurements, each one run that compares.

    python -m bench.cluster serve     the service on Ray against the plain one, on the same cores
    python -m bench.cluster scale     1 to 8 replicas on 4 nodes, where inference is a sleep
    python -m bench.cluster bulk      the bulk job against plain processes that do the same

`scale` shows the engine's part: a replica that sleeps needs no core of its own, so a machine with
two cores can hold eight. Needs cluster/requirements.txt, and `serve` needs wrk.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from flask import Flask

from api.settings import Settings
from bench.tools.load import Load, closed, whole_request
from bench.tools.processes import free_port, running
from common.cpus import usable_cpus
from common.model.card import ONNX
from common.model.classifier import Classifier
from common.model.prediction import Prediction
from support import photos

ROOT = Path(__file__).resolve().parent.parent
PATH = "/api/v1/classify"
GUNICORN = [sys.executable, "-m", "gunicorn", "--config", "python:api.gunicorn_conf"]
CONNECTIONS = 8
ROUNDS, ROUND_S = 3, 6
SLEEP_S = 0.2
NODES, REPLICAS = 4, (1, 2, 4, 8)
OBJECT_STORE_BYTES = 80 * 2**20
BULK_PHOTOS = 3000


def serve() -> None:
    """Closed loop, in turns, so that what else the machine does hits all alike."""
    cores = usable_cpus()
    sent = photos.small()
    request = whole_request(PATH, sent.files[0])
    replicas = ["--min-replicas", str(cores), "--max-replicas", str(cores)]
    on_ray = [sys.executable, "-m", "cluster", "serve", "--address", "local", *replicas]
    # What Ray recommends for throughput.
    haproxy = {"RAY_SERVE_ENABLE_HA_PROXY": "1", "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1"}
    candidates = {
        "plain": (GUNICORN, {"WEB_CONCURRENCY": str(cores)}),
        "ray": (on_ray, {}),
        "ray, HAProxy": (on_ray, haproxy),
    }
    found: dict[str, list[Load]] = {name: [] for name in candidates}
    for _, env in candidates.values():
        env["RATE_LIMIT"] = "1000000/second"
    with contextlib.ExitStack() as stack:
        servers = {
            name: stack.enter_context(running(name, command, PATH, env, ROOT, request))
            for name, (command, env) in candidates.items()
        }
        for turn in range(ROUNDS + 1):
            for name, server in servers.items():
                load = closed(server, sent.files, CONNECTIONS, ROUND_S if turn else 2)
                if turn:  # the first is to warm up
                    found[name].append(load)
    plain = np.mean([load.per_second for load in found["plain"]])
    print(f"{cores} cores, {CONNECTIONS} connections, {sent.name}, {ROUNDS} rounds of {ROUND_S} s")
    print("| | answers/s | of plain | CPU ms per answer | p50 ms | p99 ms | failed |")
    print("|---|---|---|---|---|---|---|")
    for name, loads in found.items():
        mean = {
            field: float(np.mean([getattr(load, field) for load in loads]))
            for field in ("per_second", "cpu_ms", "p50_ms", "p99_ms")
        }
        print(
            f"| {name} | {mean['per_second']:.1f} | {mean['per_second'] / plain:.2f} "
            f"| {mean['cpu_ms']:.1f} | {mean['p50_ms']:.0f} | {mean['p99_ms']:.0f} "
            f"| {sum(load.failed for load in loads)} |"
        )


def _sleeping(settings: Settings) -> Flask:
    """The application, with a sleep in place of inference."""
    from api.app import create_app

    def sleep(self: Classifier, pictures: np.ndarray, *, explain: bool = False) -> list[Prediction]:
        time.sleep(SLEEP_S)
        scores = {label: 1 / len(self.card.labels) for label in self.card.labels}
        return [Prediction(self.card.labels[0], self.card.labels[:1], scores, None)] * len(pictures)

    app = create_app(settings)
    Classifier.predict = sleep  # type: ignore[method-assign]
    return app


def scale() -> None:
    """Throughput by the number of replicas, over several nodes."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    from cluster import serving
    from cluster.connection import connected

    serving.create_app = _sleeping  # pickled by value into the replicas
    port = free_port()
    settings = Settings(port=port, rate_limit="1000000/second", model_dir=Path("models"))
    store = {"object_store_memory": OBJECT_STORE_BYTES}
    ray = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **store}
    )
    try:
        for _ in range(NODES):
            ray.add_node(num_cpus=max(REPLICAS) // NODES, **store)
        with connected(ray.address, settings.model_dir):
            rates = {n: _rate(settings, n) for n in REPLICAS}
    finally:
        ray.shutdown()
    print(f"{NODES} nodes on {usable_cpus()} cores; inference is a sleep of {SLEEP_S} s")
    print("| replicas | answers/s | of linear |")
    print("|---|---|---|")
    for number, rate in rates.items():
        print(f"| {number} | {rate:.2f} | {rate / (rates[1] * number):.3f} |")


def _rate(settings: Settings, replicas: int) -> float:
    """Answers in a second when so many replicas always have something to do."""
    from cluster.serving import Scale, deploy

    deploy(settings, Scale(min_replicas=replicas, max_replicas=replicas))
    sent = photos.small()
    server = _There(settings.port)
    closed(server, sent.files, 4 * replicas, 4)
    return closed(server, sent.files, 4 * replicas, 15).per_second


class _There:
    """A server that was started elsewhere."""

    path = PATH

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}{PATH}"

    def cpu_s(self) -> float:
        return 0.0


def bulk() -> None:
    """The bulk job with a worker per core, against as many plain processes."""
    cores = usable_cpus()
    sent = photos.small()
    model = Settings.load().model_dir / "cat_dog"
    with tempfile.TemporaryDirectory() as name:
        folder, plain = Path(name) / "photos", Path(name) / "plain"
        folder.mkdir()
        plain.mkdir()
        for i in range(BULK_PHOTOS):
            (folder / f"{i:05d}.jpg").write_bytes(sent.files[i % len(sent.files)])
        for i, data in enumerate(sent.files):
            (plain / str(i)).write_bytes(data)
        before = _floor(model, plain, len(sent.files))
        rate, whole = _bulk(folder, Path(name) / "out")
        after = _floor(model, plain, len(sent.files))
    floor = (before + after) / 2
    print(f"{cores} cores, {BULK_PHOTOS} photos, {sent.name}")
    print("| | photos/s | per core | of the floor |")
    print("|---|---|---|---|")
    for what, value in (("floor", floor), ("bulk", rate), ("bulk, start and end too", whole)):
        print(f"| {what} | {value:.1f} | {value / cores:.1f} | {value / floor:.2f} |")


def _floor(model: Path, folder: Path, count: int) -> float:
    """Photos in a second of plain processes, one on each core."""
    command = [
        sys.executable,
        "-m",
        "bench.lower_bound",
        str(model / ONNX),
        str(folder),
        str(count),
    ]
    done = subprocess.run([*command, "12"], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["per_second"])


def _bulk(folder: Path, output: Path) -> tuple[float, float]:
    """Photos in a second, from the first part to the last; and from the command to its end."""
    command = [sys.executable, "-m", "cluster", "classify", "--address", "local", "--shard", "50"]
    start = time.time()
    env = os.environ | {"PRECISION": "float32"}  # the file that the floor runs
    subprocess.run([*command, str(folder), str(output)], cwd=ROOT, env=env, check=True)
    whole = time.time() - start
    times = sorted(part.stat().st_mtime for part in output.glob("part-*"))
    steady = (len(times) - 1) * 50 / (times[-1] - times[0])
    return steady, BULK_PHOTOS / whole


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["serve", "scale", "bulk"])
    {"serve": serve, "scale": scale, "bulk": bulk}[parser.parse_args().what]()


if __name__ == "__main__":
    main()
