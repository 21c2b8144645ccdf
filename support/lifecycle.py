"""Clients that ask without a pause while models are reloaded and workers are killed."""

import io
import os
import random
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

from api.model_store import reload
from api.model_store.state_dir import StateDir
from common.errors import DogorcatError
from support.clients import side_by_side
from support.colour_model import write_colour_model
from support.running import RunningService, running_service

CLIENTS = 8
BATCH = 4
"""Pictures in a batch; every tenth request is one."""


@dataclass
class Report:
    """What the clients saw, and what the service's metrics say."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(route, status code) -> answers"""
    verdicts: Counter[str] = field(default_factory=Counter)
    lost: list[tuple[float, float]] = field(default_factory=list)
    """Requests without an answer: when their connection last was good and when they ended.

    In monotonic seconds: a connection that a killed worker leaves behind breaks when used next.
    """
    mixed: list[str] = field(default_factory=list)
    """Answers that no single model can have given."""
    versions: set[str] = field(default_factory=set)
    """Versions of the models that answered."""
    accepted: int = 0
    refused: int = 0
    kills: list[tuple[float, float]] = field(default_factory=list)
    """When a worker was killed, and when nothing was left of it."""
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(route, status code) -> requests, as /metrics has it"""
    counted_verdicts: Counter[str] = field(default_factory=Counter)

    @property
    def lost_without_a_kill(self) -> int:
        """Lost requests that were not in progress when a worker was killed."""
        return sum(
            not any(good <= gone and kill <= ended for kill, gone in self.kills)
            for good, ended in self.lost
        )


def measure(requests_wanted: int, reloads: int, kills: int) -> Report:
    """Ask, reload and kill until each has happened so many times at least."""
    report = Report()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models = folder / "models"
        write_model(models, 1)
        settings = {"MODEL_DIR": models, "RUNTIME_DIR": folder / "run", "WEB_CONCURRENCY": 2}
        with running_service(folder, LOG_LEVEL="warning", **settings) as service:
            with _clients(service, report):
                _disturb(service, StateDir(folder / "run"), models, report, reloads, kills)
                while sum(report.answers.values()) < requests_wanted:
                    time.sleep(0.05)
            _read_metrics(service, report)
    return report


def write_model(models: Path, version: int, *, damaged: bool = False) -> None:
    """Put a model in place in one step: for odd versions red is a cat, for even ones a dog."""
    labels = ("cat", "dog") if version % 2 else ("dog", "cat")
    fresh = models / ".fresh" / "cat_dog"
    write_colour_model(fresh, version=str(version), labels=labels)
    if damaged:
        (fresh / "model.onnx").write_bytes(b"half of it")
    shutil.rmtree(models / "cat_dog", ignore_errors=True)
    fresh.rename(models / "cat_dog")
    fresh.parent.rmdir()


def _disturb(
    service: RunningService,
    state: StateDir,
    models: Path,
    report: Report,
    reloads: int,
    kills: int,
) -> None:
    left = kills
    for number in range(2, reloads + 2):
        damaged = number % 3 == 0
        write_model(models, number, damaged=damaged)
        if left and number > reloads // 2:  # in the second half: without warning, in mid-reload
            threading.Timer(random.uniform(0, 1), _kill, (state, report)).start()
            left -= 1
        try:
            reload.request(state)
            report.accepted += 1
        except DogorcatError:
            if not damaged:
                raise
            report.refused += 1
    for _ in range(left):
        _kill(state, report)
        time.sleep(1)
    while len(report.kills) < kills:
        time.sleep(0.1)


def _kill(state: StateDir, report: Report) -> None:
    victim = random.choice(list(state.reports()))
    killed = time.monotonic()
    os.kill(victim, signal.SIGKILL)
    while _is_alive(victim):
        time.sleep(0.01)
    report.kills.append((killed, time.monotonic()))


def _is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


@contextmanager
def _clients(service: RunningService, report: Report) -> Iterator[None]:
    """Clients that ask without a pause until the block ends."""
    over, lock = threading.Event(), threading.Lock()
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(out, "JPEG")
    picture = out.getvalue()

    def ask(number: int) -> None:
        session = requests.Session()
        good = time.monotonic()
        while not over.is_set():
            number += 1
            if number % 20 == 0:
                session.close()  # so that the next connection may be another worker's
            batch = number % 10 == 0
            route = "/api/v1/classify/batch" if batch else "/api/v1/classify"
            parts = [("image", ("red.jpg", picture))] * (BATCH if batch else 1)
            began = time.monotonic()
            try:
                reply = session.post(service.url + route, files=parts, timeout=60)
            except requests.RequestException:
                with lock:
                    report.lost.append((good, time.monotonic()))
                good = time.monotonic()
                continue
            good = began
            with lock:
                _note(report, route, reply, batch)

    with side_by_side(ask, CLIENTS, over):
        yield


def _note(report: Report, route: str, reply: requests.Response, batch: bool) -> None:
    report.answers[route, str(reply.status_code)] += 1
    if not reply.ok:
        return
    results = reply.json()["results"] if batch else [reply.json()]
    said = {(result["model"]["version"], result["verdict"]) for result in results}
    for result in results:
        report.verdicts[result["verdict"]] += 1
        report.versions.add(result["model"]["version"])
    version, verdict = min(said)
    if len(said) > 1 or verdict != ("cat" if int(version) % 2 else "dog"):
        report.mixed.append(reply.text)


def _read_metrics(service: RunningService, report: Report) -> None:
    text = requests.get(f"{service.url}/metrics", timeout=60).text
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels, value = sample.labels, int(sample.value)
            if sample.name == "dogorcat_requests_total" and "classify" in labels["route"]:
                report.counted[labels["route"], labels["code"]] += value
            elif sample.name == "dogorcat_verdicts_total":
                report.counted_verdicts[labels["label"]] += value
