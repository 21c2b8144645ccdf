"""The thread in which all connections wait: nobody holds it up, and it refuses like the others."""

import contextlib
import http.client
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from api.arrivals import DRAIN_BYTES, HEAD_S
from tests.api.conftest import FEW_THREADS, RED
from tests.api.full_conf import BY_THREAD
from tests.running import RunningService, running_service

SOON_S = 1.5
"""Less than the two seconds for which gunicorn by itself waits for one that does not close."""


@contextlib.contextmanager
def connections(
    service: RunningService, number: int, first: bytes = b""
) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        clients = []
        for _ in range(number):
            client = stack.enter_context(socket.create_connection(service.address, 30))
            client.sendall(first)
            clients.append(client)
        yield clients


def answers(client: socket.socket, number: int) -> list[bytes]:
    """The bodies of so many answers, which end with their lines."""
    found = b""
    while found.count(b"}\n") < number:
        data = client.recv(4096)
        assert data
        found += data
    return re.findall(rb"\r\n\r\n({.*})\n", found)


def is_answered(service: RunningService) -> bool:
    with requests.get(f"{service.url}/healthz", timeout=SOON_S) as answer:
        return answer.ok


@pytest.fixture(scope="module")
def lone(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with one worker and few threads."""
    folder = tmp_path_factory.mktemp("lone")
    settings = {"MODEL_DIR": model_dir, "WEB_CONCURRENCY": 1, "THREADS": FEW_THREADS}
    with running_service(folder, **settings) as service:
        yield service
        assert "Traceback" not in service.output()


WHOLE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
NOT_WHOLE = {
    "nothing": b"",
    "a byte": b"G",
    "half a head": WHOLE[:-4],
    "much of a head": WHOLE[:-2] + b"X: " + b"x" * 12_000,
    "half a head after a whole one": WHOLE + WHOLE[:-4],
}


@pytest.mark.parametrize("first", NOT_WHOLE.values(), ids=NOT_WHOLE)
def test_who_sends_no_whole_head_holds_nobody_up(lone: RunningService, first: bytes) -> None:
    with connections(lone, 5 * FEW_THREADS, first):
        assert is_answered(lone)


def test_a_head_that_does_not_come_is_given_up(lone: RunningService) -> None:
    with connections(lone, 1, b"GET /healthz HTTP/1.1\r\n") as (client,):
        started = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() < started + 3 * HEAD_S:
                client.sendall(b"x")  # always a little more, so that it never falls silent
                time.sleep(0.2)
        assert time.monotonic() < started + 2 * HEAD_S


def test_who_does_not_close_holds_nobody_up(lone: RunningService) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with connections(lone, 5 * FEW_THREADS, request) as clients:
        for client in clients:
            assert client.recv(100).startswith(b"HTTP/1.1 200")
        assert is_answered(lone)


def test_a_head_may_come_in_pieces_and_more_requests_with_it(lone: RunningService) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with connections(lone, 1) as (client,):
        for byte in request:
            client.sendall(bytes([byte]))
            time.sleep(0.002)
        client.sendall(2 * request)
        assert answers(client, 3) == [b'{"status": "ok"}'] * 3
        client.sendall(request)
        assert answers(client, 1) == [b'{"status": "ok"}']


def test_a_long_head_is_read_and_a_longer_one_refused(lone: RunningService) -> None:
    for number, status in ((12, 200), (99, 431)):
        headers = {f"X-{i}": "x" * 1000 for i in range(number)}
        with requests.get(f"{lone.url}/healthz", headers=headers, timeout=SOON_S) as answer:
            assert answer.status_code == status


@pytest.mark.parametrize("head", [b"GET / HTTP/1.1\n\n", b"\r\n\r\n", b"what?\r\n\r\n", b"\n"])
def test_what_is_no_head_is_refused_at_once(lone: RunningService, head: bytes) -> None:
    with connections(lone, 1, head) as (client,):
        client.settimeout(SOON_S)
        assert client.recv(100).startswith(b"HTTP/1.1 400")


def test_connections_are_shared_out(
    model_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("two")
    with running_service(folder, MODEL_DIR=model_dir, WEB_CONCURRENCY=2) as service:
        master = service.process.pid
        workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        while "dogorcat_workers 2.0" not in requests.get(f"{service.url}/metrics", timeout=9).text:
            time.sleep(0.05)
        time.sleep(0.2)  # until its connection is forgotten
        before = [sockets(worker) for worker in workers]
        with connections(service, 16):
            time.sleep(0.5)
            shares = [sockets(worker) - b for worker, b in zip(workers, before, strict=True)]
    assert sum(shares) == 16
    assert min(shares) >= 4


def sockets(process: str) -> int:
    found = 0
    for file in os.listdir(f"/proc/{process}/fd"):
        with contextlib.suppress(OSError):
            found += os.readlink(f"/proc/{process}/fd/{file}").startswith("socket:")
    return found


def post(service: RunningService, **kwargs: object) -> requests.Response:
    kwargs = {"data": RED, "headers": {"Content-Type": "image/png"}} | kwargs
    return requests.post(f"{service.url}/api/v1/classify", timeout=10, **kwargs)  # type: ignore[arg-type]


def test_the_door_refuses_as_a_thread_does(full: RunningService) -> None:
    mine = post(full, headers={"X-Request-Id": "mine-7"})
    thread = post(full, headers={"X-Request-Id": "mine-7", "Expect": "100-continue"})
    assert (mine.status_code, mine.json()["code"]) == (503, "overloaded")
    assert mine.json()["request_id"] == mine.headers["X-Request-Id"] == "mine-7"
    assert BY_THREAD not in mine.headers
    assert thread.headers.pop(BY_THREAD) == "yes"
    assert mine.content == thread.content
    assert {**mine.headers, "Date": ""} == {**thread.headers, "Date": ""}
    assert (mine.reason, mine.raw.version) == (thread.reason, thread.raw.version)


AT_THE_DOOR = {
    "a photo": {},
    "a form": {"data": None, "headers": {}, "files": {"image": RED}},
    "an address": {"data": None, "headers": {}, "json": {"url": "http://example.com/"}},
    "a large body": {"data": bytes(9 * 2**20)},
    "no body": {"data": b""},
}
BY_A_THREAD = {
    "in chunks": {"data": (RED[i : i + 1000] for i in range(0, len(RED), 1000))},
    "more than is drained": {"data": bytes(DRAIN_BYTES + 1)},
    "the last request": {"headers": {"Connection": "close"}},
    "a strange header": {"headers": {"X-Twice": "a", "Content-Length": "0, 0"}},
}


@pytest.mark.parametrize("name", AT_THE_DOOR)
def test_ordinary_requests_get_no_thread(full: RunningService, name: str) -> None:
    with requests.Session() as session:  # the connection goes on
        for _ in range(3):
            url = f"{full.url}/api/v1/classify"
            kwargs = {"data": RED} | AT_THE_DOOR[name]
            answer = session.post(url, timeout=10, **kwargs)  # type: ignore[arg-type]
            assert (answer.status_code, answer.headers.get(BY_THREAD)) == (503, None)
        answer = session.get(f"{full.url}/readyz", timeout=10)
        assert (answer.status_code, answer.headers[BY_THREAD]) == (200, "yes")


@pytest.mark.parametrize("name", BY_A_THREAD)
def test_others_get_a_thread(full: RunningService, name: str) -> None:
    try:
        answer = post(full, **BY_A_THREAD[name])
    except requests.ConnectionError:
        assert name == "more than is drained"
    else:
        assert answer.status_code in (400, 503)
    assert is_answered(full)


def test_a_body_that_does_not_come_costs_no_thread(full: RunningService) -> None:
    head = b"POST /api/v1/classify HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n"
    with connections(full, 5 * FEW_THREADS, head) as clients:
        assert is_answered(full)
        clients[0].sendall(bytes(999))
        answer = http.client.HTTPResponse(clients[0])
        answer.begin()
        assert answer.status == 503
        clients[1].shutdown(socket.SHUT_WR)
        assert clients[1].recv(100) == b""


def test_a_second_request_behind_the_first_is_answered(full: RunningService) -> None:
    one = b"POST /api/v1/classify HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    with connections(full, 1, one + one.replace(b"abc", b"def")) as (client,):
        found = b""
        while found.count(b'"overloaded"') < 2:
            data = client.recv(4096)
            assert data
            found += data
