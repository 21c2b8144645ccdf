"""Configures gunicorn, which runs the service: `gunicorn -c python:api.gunicorn_conf`.

The master holds no model. It copies MODEL_DIR into RUNTIME_DIR; each worker loads and verifies the
copy. SIGHUP has the copy made anew and verified by a process of its own (`api.model_store.verify`),
after which the workers exchange their models without a pause (`api.model_store.registry`).
gunicorn's own answer to SIGHUP, other workers, would lose requests: it ends the old ones before the
new ones are ready.
"""

import atexit
import contextlib
import gc
import logging
import multiprocessing
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from flask import Flask

from api import preflight
from api.model_store.state_dir import StateDir, copy_models
from api.settings import Settings, SettingsError
from api.telemetry import logs
from common.errors import ModelError

try:
    settings = Settings.load()
except SettingsError as error:
    sys.exit(f"dogorcat cannot start: {error}")

wsgi_app = "api.gunicorn_conf:worker_app()"
bind = settings.address
workers = settings.web_concurrency
worker_class = "gthread"
threads = settings.threads
worker_connections = preflight.connections(4096)
# Each worker loads its own models: a runtime with threads of its own does not survive a fork.
preload_app = False
timeout = int(settings.request_timeout_s) + 30
graceful_timeout = int(settings.request_timeout_s)
keepalive = 5
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
control_socket_disable = True
logger_class = logs.Logger
logconfig_dict = logs.configuration(settings.log_level)

RETRY_S = 2.0
"""Pause of a worker that cannot take the place of one that ended, before the next one tries."""

_state = StateDir(settings.runtime_folder)
_first_failure = multiprocessing.Lock()  # of all workers: who gets it says why
_log = logging.getLogger("api")


def on_starting(server: Any) -> None:
    """Refuse what cannot work before any worker is started, and take SIGHUP over."""
    try:
        preflight.check(settings)
        _state.claim()
        atexit.register(_release, os.getpid())
        copy_models(settings.model_dir, _state.models(1))
        _state.publish(1)
    except (SettingsError, ModelError) as error:
        sys.exit(f"dogorcat cannot start: {error}")
    except OSError as error:
        where = error.filename2 or error.filename or settings.model_dir
        sys.exit(f"dogorcat cannot start: {where}: {error.strerror}.")
    server.handle_hup = _reload


def when_ready(server: Any) -> None:
    """Give clients a time limit, and announce that the master answers signals.

    A connection has the time limits of the socket that it came by, at least with TCP: a client that
    sends nothing of its request, or takes nothing of its answer, for so long is disconnected.
    """
    limit = struct.pack("@ll", *divmod(int(settings.request_timeout_s * 1e6), 10**6))
    for listener in server.LISTENERS:
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.setsockopt(socket.SOL_SOCKET, option, limit)
    _state.announce()


def child_exit(server: Any, worker: Any) -> None:
    """A worker has ended."""
    with contextlib.suppress(OSError):  # the master must survive
        _state.forget(worker.pid)


def post_worker_init(worker: Any) -> None:
    """SIGHUP is the master's: a terminal that is closed sends it to everyone."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def worker_app() -> Flask:
    """The application of one worker.

    If the first ones cannot start, one of them says why in one line, and the service ends. A later
    one, in the place of a worker that ended, must not end those that serve: it is tried again.
    """
    try:
        _state.reserve_metrics()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_state.metrics)
        # Imported here: ONNX Runtime's threads do not survive a fork, and prometheus_client reads
        # that variable once, when it is imported; in the master it would be too early.
        from api.app import create_app
        from api.classification import Service

        service = Service.start(settings, _state)
        app = create_app(settings, service)
        service.models.watch()
        # What is there now stays: the collector need not go through it again and again.
        gc.collect()
        gc.freeze()
        return app
    except Exception as error:
        foreseen = isinstance(error, SettingsError | ModelError | OSError)
        if _state.started:
            _log.error("a worker cannot start: %s", error, exc_info=not foreseen)
            time.sleep(RETRY_S)
            sys.exit(1)
        if not foreseen:
            raise
        if _first_failure.acquire(block=False):
            print(f"dogorcat cannot start: {error}", file=sys.stderr, flush=True)
            sys.exit(3)  # tells the master that trying again is of no use, so that it ends, too
        signal.pause()  # until it does
        sys.exit()


def _reload() -> None:
    """In place of gunicorn's own answer to SIGHUP."""
    global _verification
    try:
        _verification = subprocess.Popen([sys.executable, "-m", "api.model_store.verify"])
    except OSError as error:
        _log.error("no process for a reload: %s", error)


def _release(master: int) -> None:
    if os.getpid() == master:  # workers, which are forked from it, run this as well
        _state.release()


_verification: subprocess.Popen[bytes] | None = None
"""The last reload's process, kept until the next one; gunicorn waits for its end."""
