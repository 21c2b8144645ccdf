"""A service that refuses every picture: batches hold its queue, for links that nobody answers."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import requests

from api.classification import WAITING_PER_WORKER
from common.cpus import usable_cpus
from support.clients import side_by_side
from support.running import PATIENCE_S, RunningService, running_service, wait_until

PLACES = WAITING_PER_WORKER + usable_cpus()


@contextlib.contextmanager
def full_service(folder: Path, **settings: object) -> Iterator[RunningService]:
    """Start a worker, and as many batches as may wait; the block's end ends them.

    Args:
        folder: where its output is kept.
        settings: of the service.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=PLACES) as silent:
        port = silent.getsockname()[1]
        settings |= {"WEB_CONCURRENCY": 1, "FETCH_CONCURRENCY": 1024}
        settings |= {"FETCH_TIMEOUT_S": 600, "REQUEST_TIMEOUT_S": 600}
        settings |= {"FETCH_ALLOWED_NETWORKS": "127.0.0.0/8", "FETCH_ALLOWED_PORTS": port}
        with running_service(folder, **settings) as service:

            def wait_for_a_link(number: int) -> None:
                links = {"urls": [f"http://127.0.0.1:{port}/{number}.jpg"]}
                url = f"{service.url}/api/v1/classify/batch"
                requests.post(url, json=links, timeout=PATIENCE_S * 10)

            def is_full() -> bool:
                url = f"{service.url}/api/v1/classify"
                return requests.post(url, data=b"", timeout=PATIENCE_S).status_code == 503

            with side_by_side(wait_for_a_link, PLACES, Event()):
                try:
                    wait_until(is_full)
                    yield service
                finally:
                    silent.close()  # which breaks the connections of all that wait
