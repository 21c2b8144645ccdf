"""What the log line and the metrics of a request cost: `python -m bench.observe`.

The same WSGI call with and without `request_log` (id, metrics in files as under gunicorn, a line of
JSON), in turns. Prints milliseconds per request; takes some seconds.
"""

import io
import logging.config
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from api.settings import Settings
from api.telemetry import logs

CALLS, ROUNDS = 500, 20


def application(watched: bool) -> Callable[[], None]:
    """A call of an application that does next to nothing, but for a picture's stages."""
    # These read PROMETHEUS_MULTIPROC_DIR, which main sets.
    from api.context import current_request
    from api.telemetry import request_log

    app = Flask(__name__)
    if watched:
        request_log.register(app, Settings())

    @app.get("/")
    def work() -> str:
        if watched:
            context = current_request()
            for name in ("wait", "decode", "inference"):
                with context.stage(name):
                    pass
            context.verdicts.append(("cat_dog", "cat"))
        return "done"

    client = app.test_client()
    return lambda: client.get("/").close()


def main() -> None:
    logging.config.dictConfig(logs.configuration("info"))
    logging.root.handlers[0].setStream(io.StringIO())  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = name
        calls = {watched: application(watched) for watched in (False, True)}
        taken: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(ROUNDS):
            for watched, call in calls.items():
                began = time.process_time()
                for _ in range(CALLS):
                    call()
                taken[watched].append((time.process_time() - began) / CALLS * 1000)
    plain, seen = (statistics.median(taken[watched]) for watched in (False, True))
    print(f"CPU time of a request: {plain:.3f} ms plain, {seen:.3f} ms watched", end=": ")
    print(f"watching costs {seen - plain:.3f} ms")


if __name__ == "__main__":
    main()
