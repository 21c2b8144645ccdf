"""Where the CPU time of one request goes: `python -m bench.stages`. Half a minute.

The service's own worker (door, desk, application) runs in a thread and answers the same photo over
TCP: one at a time, then as many abreast as the desk takes. The functions of each stage are timed
where they are called, by the CPU time of their thread.
"""

import contextlib
import functools
import logging
import logging.config
import os
import selectors
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask
from gunicorn.config import Config
from gunicorn.http import wsgi
from gunicorn.http.parser import RequestParser

from api import request_body
from api.app import create_app
from api.desk import CLASSIFY, COHORT, Desk
from api.settings import Settings
from api.telemetry import logs, request_log
from api.worker import Worker
from bench import load, photos
from common import images
from common.classifier import Classifier
from common.images import render as pixels

TURNS = 150
MODEL = Path("models/cat_dog")
STAGES: list[tuple[str, Any, str]] = [
    ("JPEG decoding (libjpeg-turbo, by Pillow)", pixels, "_jpeg"),
    ("resize to the model's size", pixels, "resize"),
    ("look at the file's header, checks, array", images, "_read"),
    ("inference (ONNX Runtime)", Classifier, "run"),
    ("scores to a prediction", Classifier, "predict"),
    ("form or body", request_body, "picture"),
    ("before: id, limits, keys, memory", Flask, "preprocess_request"),
    ("after: metrics, headers, log", Flask, "process_response"),
    ("line of the log", request_log._log, "log"),
    ("head of the request", RequestParser, "__next__"),
    ("head of the answer (gunicorn)", wsgi.Response, "start_response"),
    ("Flask, gunicorn, validation, JSON, sockets", Desk, "serve"),
    ("door: connections, heads and bodies", Worker, "wait_for_and_dispatch_events"),
]
REST = "what is in none of these"


class Clock:
    """Adds up the CPU time of stages, without that of stages within them."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._mine = threading.local()

    def watch(self, stage: str, owner: Any, name: str) -> None:
        """Time a function from now on."""
        function: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            outer, self._mine.inner = getattr(self._mine, "inner", 0.0), 0.0
            start = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                took = time.thread_time() - start
                self.spent[stage] += took - self._mine.inner
                self._mine.inner = outer + took

        setattr(owner, name, timed)


@contextlib.contextmanager
def running_worker(app: Flask, keepalive_s: int = 60) -> Iterator[Worker]:
    """The worker in a thread of this process."""
    config = Config()
    config.set("threads", 8)
    config.set("keepalive", keepalive_s)
    config.set("http_parser", "python")
    listener = socket.create_server(("127.0.0.1", 0))
    worker = Worker(1, os.getppid(), [listener], None, 60, config, logs.Logger(config))
    worker.wsgi, worker.tpool = app, worker.get_thread_pool()
    worker.poller = selectors.DefaultSelector()
    worker.method_queue.init()
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.alive = False
        worker.method_queue.defer(lambda: None)
        thread.join()
        worker.tmp.close()


def measure(address: tuple[str, int], photo: bytes, abreast: int, clock: Clock) -> dict[str, float]:
    """Microseconds of each stage for a picture, where so many are sent together."""
    request = load.whole_request(CLASSIFY, photo)
    turns: dict[str, list[float]] = defaultdict(list)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(address)) for _ in range(abreast)]
        for _ in range(TURNS):
            clock.spent.clear()
            whole, mine = time.process_time(), time.thread_time()
            for client in clients:
                client.sendall(request)
            for client in clients:
                assert client.recv(65536).startswith(b"HTTP/1.1 200")
            time.sleep(0.002)  # until the connections are waited for again
            spent = time.process_time() - whole - (time.thread_time() - mine)
            for stage, *_ in STAGES:
                turns[stage].append(clock.spent[stage])
            turns[REST].append(spent - sum(clock.spent.values()))
            turns["all"].append(spent)
    return {stage: 1e6 * median(times) / abreast for stage, times in turns.items()}


def main() -> None:
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        logging.config.dictConfig(logs.configuration("info"))
        (handler,) = logging.getLogger().handlers
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(nowhere)
        clock = Clock()
        for stage in STAGES:
            clock.watch(*stage)
        app = create_app(Settings(model_dir=MODEL.parent, rate_limit="1000000 per second"))
        photo = photos.small(1).files[0]
        with running_worker(app) as worker:
            address = worker.sockets[0].getsockname()
            measure(address, photo, 1, clock)  # to warm up
            alone, together = (measure(address, photo, n, clock) for n in (1, COHORT))
        precision = app.extensions["dogorcat"].registry.get(None).precision
    print(f"A photo of 500×375, {precision}; µs of CPU for a picture\n")
    print(f"| stage | one at a time | {COHORT} abreast |\n|---|---|---|")
    for stage, spent in alone.items():
        print(f"| {stage} | {spent:,.0f} | {together[stage]:,.0f} |")


if __name__ == "__main__":
    main()
