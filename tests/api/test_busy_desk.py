"""While the desk is busy, whoever comes meanwhile is seen, and has their turn."""

import contextlib
import http.client
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from gunicorn.workers.gthread import TConn

from api.app import create_app
from api.settings import Settings
from bench.stages import running_worker
from tests.api.busy_conf import SLOW_S
from tests.api.test_desk import WAIT_S, request
from tests.running import RunningService, on_one_cpu, running_service, wait_until

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def busy(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    folder = tmp_path_factory.mktemp("busy")
    settings = {"MODEL_DIR": model_dir, "WEB_CONCURRENCY": 1}
    with on_one_cpu(running_service(folder, "python:tests.api.busy_conf", **settings)) as service:
        yield service


def connected(service: RunningService) -> socket.socket:
    return socket.create_connection(service.address, WAIT_S)


def status(client: socket.socket) -> int:
    answer = http.client.HTTPResponse(client)
    answer.begin()
    answer.read()
    return answer.status


def test_a_request_that_waits_to_be_seen_is_not_silence(busy: RunningService) -> None:
    with connected(busy) as kept, connected(busy) as other:
        kept.sendall(HEALTH)
        assert status(kept) == 200
        other.sendall(request())
        time.sleep(SLOW_S / 4)
        kept.sendall(HEALTH)  # it is seen only when the picture is done
        assert status(kept) == 200
        assert status(other) == 200


def test_who_sends_several_at_once_queues_up_behind_others(busy: RunningService) -> None:
    """There is one place: it goes to the client that has waited, not to the next picture."""
    with connected(busy) as greedy, connected(busy) as modest:
        greedy.sendall(2 * request())
        time.sleep(SLOW_S / 4)
        modest.sendall(request())
        assert status(greedy) == 200
        assert status(modest) == 200
        assert status(greedy) == 503


def test_bodies_that_stop_are_left_to_threads_and_not_held(model_dir: Path) -> None:
    """All of them: none is closed, and none of their bytes counts for ever."""
    count, size = 300, 100_000
    head = request(bytes(size))[:1000]
    settings = Settings(model_dir=model_dir, web_concurrency=64, rate_limit="1000000 per minute")
    app = create_app(settings)  # one of many workers: it has one CPU, and a desk
    with running_worker(app, keepalive_s=1) as worker, contextlib.ExitStack() as stack:
        leave = worker._leave_to_thread

        def slowly(conn: TConn) -> None:
            time.sleep(0.003)  # others come of age meanwhile
            leave(conn)

        worker._leave_to_thread = slowly  # type: ignore[method-assign]
        address = worker.sockets[0].getsockname()
        clients = [
            stack.enter_context(socket.create_connection(address, WAIT_S)) for _ in range(count)
        ]
        for client in clients:
            client.sendall(head)
            time.sleep(0.002)
        wait_until(lambda: worker.arrivals.held == count * size)
        with socket.create_connection(address, WAIT_S) as other:
            while worker.pending_conns:  # they go one by one, while others are served
                other.sendall(request())
                assert status(other) == 200
        assert worker.arrivals.held == 0
        for client in clients:
            client.setblocking(False)
            with pytest.raises(BlockingIOError):
                client.recv(1)
