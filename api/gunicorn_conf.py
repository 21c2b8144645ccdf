"""How gunicorn runs the service: `gunicorn -c python:api.gunicorn_conf`."""

import multiprocessing
import signal
import sys
from pathlib import Path
from typing import Any

from flask import Flask

from api.settings import Settings, SettingsError
from common.card import ONNX, check_file, model_folders, read_card
from common.errors import ModelError

try:
    settings = Settings.load()
except SettingsError as error:
    sys.exit(f"dogorcat cannot start: {error}")

wsgi_app = "api.gunicorn_conf:worker_app()"
bind = f"{settings.host}:{settings.port}"
workers = settings.web_concurrency
worker_class = "gthread"
threads = settings.threads
# Each worker loads its own models: a runtime with threads of its own does not survive a fork.
preload_app = False
timeout = int(settings.request_timeout_s) + 30
graceful_timeout = int(settings.request_timeout_s)
keepalive = 5
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
control_socket_disable = True

_complaint = multiprocessing.Lock()  # shared by all workers: the first to fail says why


def on_starting(server: Any) -> None:
    """Refuse wrong model folders before any worker is started."""
    try:
        for folder in model_folders(settings.model_dir):
            check_file(read_card(folder), folder, ONNX)
    except ModelError as error:
        sys.exit(f"dogorcat cannot start: {error}")


def worker_app() -> Flask:
    """The application of one worker, or one line about what is wrong and the end of the start."""
    from api.app import create_app  # brings ONNX Runtime, whose threads do not survive a fork

    try:
        return create_app(settings)
    except (SettingsError, ModelError) as error:
        if _complaint.acquire(block=False):
            print(f"dogorcat cannot start: {error}", file=sys.stderr, flush=True)
            sys.exit(3)  # tells the master that trying again is of no use, so that it ends, too
        signal.pause()  # until it does
        sys.exit()
