"""What the server does over TCP with clients that are slow, silent, hasty, gone or too many."""

import contextlib
import http.client
import json
import re
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from support.clients import together
from support.photo_servers import picture
from support.running import RunningService, running_service, wait_until
from tests.api.conftest import FEW_THREADS, RED

WAIT_S = 30.0
LIMIT_S = 2.0
"""REQUEST_TIMEOUT_S of the service with little patience."""
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def upload(data: bytes = RED, query: str = "") -> bytes:
    """A request as it goes over the wire."""
    head = (
        f"POST /api/v1/classify{query} HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\n"
        f"Content-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


def classify(service: RunningService) -> requests.Response:
    headers = {"Content-Type": "image/jpeg"}
    return requests.post(f"{service.url}/api/v1/classify", RED, headers=headers, timeout=WAIT_S)


@contextlib.contextmanager
def connections(
    service: RunningService, number: int, first: bytes = b""
) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        clients = []
        for _ in range(number):
            client = stack.enter_context(socket.create_connection(service.address, WAIT_S))
            client.sendall(first)
            clients.append(client)
        yield clients


def read_until(client: socket.socket, word: bytes, number: int) -> bytes:
    """What comes, until a word has come so many times."""
    found = b""
    while found.count(word) < number:
        data = client.recv(65536)
        assert data, found
        found += data
    return found


def in_flight(service: RunningService) -> float:
    text = requests.get(f"{service.url}/metrics", timeout=WAIT_S).text
    (value,) = re.findall(r"^dogorcat_requests_under_way (\S+)$", text, re.MULTILINE)
    return float(value)


@pytest.fixture(scope="module")
def lone(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with one worker and few threads."""
    folder = tmp_path_factory.mktemp("lone")
    settings = {"MODEL_DIR": model_dir, "WEB_CONCURRENCY": 1, "THREADS": FEW_THREADS}
    with running_service(folder, **settings) as service:
        yield service
        assert "Traceback" not in service.output()


@pytest.fixture(scope="module")
def hasty(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that gives every request up after two seconds."""
    folder = tmp_path_factory.mktemp("hasty")
    settings = {"MODEL_DIR": model_dir, "WEB_CONCURRENCY": 1, "REQUEST_TIMEOUT_S": LIMIT_S}
    with running_service(folder, **settings) as service:
        yield service
        assert "Traceback" not in service.output()


def test_requests_may_come_in_pieces_and_together(lone: RunningService) -> None:
    with connections(lone, 1) as (client,):
        for byte in HEALTH:
            client.sendall(bytes([byte]))
        client.sendall(2 * HEALTH)
        read_until(client, b'"ok"', 3)
        client.sendall(HEALTH)
        read_until(client, b'"ok"', 1)


def test_uploads_may_come_in_pieces_and_together(lone: RunningService) -> None:
    whole = upload()
    with connections(lone, 1) as (client,):
        for start in range(0, len(whole), 700):
            client.sendall(whole[start : start + 700])
        read_until(client, b'"verdict"', 1)
        client.sendall(3 * whole + whole[:1000])
        read_until(client, b'"verdict"', 3)
        client.sendall(whole[1000:] + HEALTH)
        found = read_until(client, b'"ok"', 1)
        assert found.index(b'"verdict"') < found.index(b'"ok"'), "in the order of the requests"


@pytest.mark.parametrize(
    "head", [b"GET / HTTP/1.1\n\n", b"what?\r\n\r\n", b"GET /\xff HTTP/9\r\n\r\n"]
)
def test_what_is_no_head_is_refused_at_once(lone: RunningService, head: bytes) -> None:
    with connections(lone, 1, head) as (client,):
        assert client.recv(100).startswith(b"HTTP/1.1 400")


def test_a_long_head_is_read_and_an_endless_one_refused(lone: RunningService) -> None:
    headers = {f"X-{number}": "x" * 1000 for number in range(12)}
    assert requests.get(f"{lone.url}/healthz", headers=headers, timeout=WAIT_S).ok
    with connections(lone, 1, HEALTH[:-2]) as (client,):
        answer = b""
        with contextlib.suppress(ConnectionError):  # it may be closed while we still send
            for _ in range(1000):
                client.sendall(b"X-Long: " + b"x" * 100_000 + b"\r\n")
        with contextlib.suppress(ConnectionError):
            answer = client.recv(100)
        assert answer == b"" or re.match(rb"HTTP/1.1 4\d\d ", answer)


SLOW = {
    "nothing": b"",
    "half a head": HEALTH[:-4],
    "half a head after a whole one": HEALTH + HEALTH[:-4],
    "a head without its body": upload()[:150],
    "half a body": upload()[:-1000],
}


@pytest.mark.parametrize("first", SLOW.values(), ids=SLOW)
def test_fewer_slow_clients_than_threads_hold_nobody_up(lone: RunningService, first: bytes) -> None:
    """As many as there are threads are stopped by the proxy in front: tests/web."""
    with connections(lone, FEW_THREADS // 2, first):
        for _ in range(3):
            assert requests.get(f"{lone.url}/healthz", timeout=WAIT_S).ok


@pytest.mark.parametrize("pause_s", [None, 0.1], ids=["silent", "dripping"])
def test_a_body_that_does_not_come_is_given_up(
    hasty: RunningService, pause_s: float | None
) -> None:
    with connections(hasty, 1, upload(bytes(10**6))[:2000]) as (client,):
        end = time.monotonic() + WAIT_S
        if pause_s:
            client.settimeout(pause_s)
        while True:
            assert time.monotonic() < end
            try:
                answer = client.recv(65536)
                break
            except TimeoutError:
                client.sendall(b"x")
        if b"}" not in answer:  # head and body may come one after the other
            client.settimeout(WAIT_S)
            answer += read_until(client, b"}", 1)
    assert answer.startswith(b"HTTP/1.1 504")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "deadline_exceeded"
    wait_until(lambda: classify(hasty).ok)


def test_a_head_that_does_not_come_is_given_up(hasty: RunningService) -> None:
    with connections(hasty, 1, HEALTH[:-4]) as (client,):
        client.settimeout(WAIT_S)
        with contextlib.suppress(ConnectionError):
            assert client.recv(100) == b""


def test_who_takes_no_answers_is_given_up(hasty: RunningService) -> None:
    asked = upload(picture("red", size=(640, 480)), "?explain=true&preview=true")
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(LIMIT_S / 2)
        client.connect(hasty.address)
        with contextlib.suppress(TimeoutError, ConnectionError):
            while True:  # until its answers have filled all that lies between us
                client.sendall(asked)
        for _ in range(3):
            wait_until(lambda: classify(hasty).ok)  # a busy machine may need more than its limit
        wait_until(lambda: in_flight(hasty) == 1)  # the one that asks


def test_who_goes_away_leaves_nothing_behind(lone: RunningService) -> None:
    for cut in (100, 300, -1, None):  # in the head, in the body, before the answer
        for _ in range(4):
            with socket.create_connection(lone.address, WAIT_S) as client:
                client.sendall(upload()[:cut])
    wait_until(lambda: classify(lone).ok)
    wait_until(lambda: in_flight(lone) == 1)  # the one that asks


def test_too_many_are_told_to_come_back_and_nothing_breaks(lone: RunningService) -> None:
    large = upload(picture("red", size=(1600, 1200), format="PNG"))
    for _ in range(3):
        answers = together(lone, [large] * 80)
        statuses = Counter(answer.status for answer in answers)
        assert set(statuses) <= {200, 503}
        assert statuses[200] >= FEW_THREADS // 2
        for answer in answers:
            if answer.status == 503:
                assert answer.headers["Retry-After"] == "1"
                assert json.loads(answer.content)["code"] == "overloaded"  # type: ignore[attr-defined]
    assert classify(lone).ok


REFUSED = {
    "a photo": {"data": RED},
    "a form": {"files": {"image": RED}},
    "an address": {"json": {"url": "http://example.com/"}},
    "a large body": {"data": bytes(9 * 2**20)},
    "no body": {"data": b""},
    "in chunks": {"data": "chunks"},
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_full_service_refuses_and_the_connection_goes_on(full: RunningService, name: str) -> None:
    with requests.Session() as session:
        for _ in range(3):
            given = dict(REFUSED[name])
            if given.get("data") == "chunks":
                given["data"] = iter([RED[:100], RED[100:]])
            url = f"{full.url}/api/v1/classify"
            answer = session.post(url, headers={"X-Request-Id": "mine-7"}, timeout=WAIT_S, **given)
            assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
            assert answer.headers["Retry-After"] == "1"
            assert answer.json()["request_id"] == answer.headers["X-Request-Id"] == "mine-7"
            assert session.get(f"{full.url}/readyz", timeout=WAIT_S).ok


def test_a_client_that_waits_for_100_continue_is_refused(full: RunningService) -> None:
    head = upload()[: -len(RED)].replace(b"Host: x", b"Host: x\r\nExpect: 100-continue")
    with connections(full, 1, head) as (client,):
        read_until(client, b"100 Continue", 1)
        client.sendall(RED)
        read_until(client, b'"overloaded"', 1)


def test_a_second_request_behind_a_refused_one_is_answered(full: RunningService) -> None:
    with connections(full, 1, upload() + upload()) as (client,):
        read_until(client, b'"overloaded"', 2)


def test_keep_alive_lasts_for_many_requests(lone: RunningService) -> None:
    connection = http.client.HTTPConnection(*lone.address, timeout=WAIT_S)
    connection.connect()
    connection.auto_open = 0
    for _ in range(50):
        connection.request("POST", "/api/v1/classify", RED, {"Content-Type": "image/jpeg"})
        with connection.getresponse() as answer:
            assert answer.status == 200
            answer.read()
    connection.close()


def test_many_connections_are_answered(lone: RunningService) -> None:
    """More than there are threads, each kept open between its requests."""
    number = 10 * FEW_THREADS
    with connections(lone, number, HEALTH) as clients, ThreadPoolExecutor(number) as pool:

        def ask(client: socket.socket) -> None:
            read_until(client, b'"ok"', 1)
            for _ in range(3):
                client.sendall(HEALTH)
                read_until(client, b'"ok"', 1)

        list(pool.map(ask, clients))
