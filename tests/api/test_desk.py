"""The desk: pictures are answered abreast, step by step, and nobody waits for one that waits."""

import concurrent.futures
import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import pytest
import requests

from api.arrivals import BODY_S
from api.desk import CLASSIFY, COHORT, Desk
from api.lane import Lane
from tests.api.conftest import FEW_THREADS, RED
from tests.api.photo_servers import picture
from tests.api.test_observe import samples
from tests.api.together import together
from tests.running import RunningService, running_service

WAIT_S = 20.0
SOON_S = 2.0


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:  # waits for all of them in the end
        yield threads


@pytest.fixture
def lane() -> Lane:
    return Lane(width=2, waiting=10)


@pytest.fixture
def desk(lane: Lane, pool: ThreadPoolExecutor) -> Iterator[Desk]:
    desk = Desk(lane, clerks=1)
    yield desk
    desk.close()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_each_step_is_done_for_all_before_the_next(desk: Desk, pool: ThreadPoolExecutor) -> None:
    steps: list[tuple[int, str]] = []

    def answer(step: str) -> None:
        for number in range(3):
            steps.append((number, step))
            desk.pause()

    names = [str(i) for i in range(COHORT)]
    for name in [*names, "next"]:
        desk.put(lambda name=name: answer(name))  # type: ignore[misc]
    desk.flush()
    desk.open(pool)
    until(lambda: len(steps) == 3 * (COHORT + 1))
    assert steps[: 3 * COHORT] == [(number, name) for number in range(3) for name in names]
    assert steps[3 * COHORT :] == [(number, "next") for number in range(3)]


def test_what_is_not_flushed_waits(desk: Desk, pool: ThreadPoolExecutor) -> None:
    done = threading.Event()
    desk.open(pool)
    desk.put(done.set)
    assert not done.wait(0.05)
    desk.flush()
    assert done.wait(WAIT_S)


def test_who_waits_holds_nobody_up(desk: Desk, pool: ThreadPoolExecutor, lane: Lane) -> None:
    go_on, done = threading.Event(), list[str]()

    def late() -> None:
        desk.leave()
        desk.leave()  # once more changes nothing
        assert go_on.wait(WAIT_S)
        desk.pause()
        done.append("late")

    def quick(name: str) -> None:
        desk.pause()
        done.append(name)

    desk.open(pool)
    for one in (late, lambda: quick("abreast")):
        desk.put(one)
    desk.flush()
    until(lambda: done == ["abreast"])
    desk.put(lambda: quick("after"))
    desk.flush()
    until(lambda: done == ["abreast", "after"])
    go_on.set()
    until(lambda: done == ["abreast", "after", "late"])
    until(lambda: lane._places == 12 and lane._free == 2)


def test_a_mistake_in_one_spoils_no_other(desk: Desk, pool: ThreadPoolExecutor, lane: Lane) -> None:
    def broken() -> None:
        desk.pause()
        raise ValueError

    done = threading.Event()
    desk.open(pool)
    for one in (broken, desk.pause, broken, done.set):
        desk.put(one)
        desk.flush()
    assert done.wait(WAIT_S)
    until(lambda: lane._places == 12 and lane._free == 2)


def test_all_that_waits_is_answered_before_the_clerks_go(lane: Lane) -> None:
    done = list[int]()
    desk = Desk(lane, clerks=2)
    for number in range(2 * COHORT + 1):
        desk.put(lambda number=number: done.append(number))  # type: ignore[misc]
    desk.flush()
    with ThreadPoolExecutor(4) as pool:
        desk.close()  # before the first clerk comes
        desk.open(pool)
    assert sorted(done) == list(range(2 * COHORT + 1))


def test_places_of_those_who_wait_are_taken(lane: Lane) -> None:
    desk = Desk(lane, clerks=1)
    while not lane.full:
        desk.put(lambda: None)
    assert len(desk._new) == 12


def test_elsewhere_nothing_happens(desk: Desk) -> None:
    desk.pause()
    desk.leave()


@pytest.mark.parametrize(
    ("method", "path", "content_type", "taken"),
    [
        ("POST", CLASSIFY, "image/jpeg", True),
        ("POST", CLASSIFY, "multipart/form-data; boundary=x", True),
        ("POST", CLASSIFY, "Application/JSON; charset=utf-8", False),
        ("GET", CLASSIFY, "image/jpeg", False),
        ("POST", f"{CLASSIFY}/batch", "multipart/form-data; boundary=x", False),
        ("POST", "/", "image/jpeg", False),
    ],
)
def test_only_uploaded_pictures_are_taken(
    method: str, path: str, content_type: str, taken: bool
) -> None:
    assert Desk.takes(method, path, content_type) == taken


# From here on: the real service, with one worker.


@pytest.fixture(scope="module")
def lone(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with one worker on one CPU, which has one clerk."""
    folder = tmp_path_factory.mktemp("lone")
    settings = {"MODEL_DIR": model_dir, "WEB_CONCURRENCY": 1, "THREADS": FEW_THREADS}
    usable = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(usable)})  # what is started inherits it
    try:
        running = running_service(folder, **settings)
        service = running.__enter__()
    finally:
        os.sched_setaffinity(0, usable)
    with contextlib.ExitStack() as stack:
        stack.push(running)
        yield service
        assert "Traceback" not in service.output()


def request(data: bytes = RED, query: str = "") -> bytes:
    head = (
        f"POST {CLASSIFY}{query} HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\n"
        f"Content-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


def classify(service: RunningService, data: bytes = RED) -> requests.Response:
    headers = {"Content-Type": "image/jpeg"}
    return requests.post(service.url + CLASSIFY, data, headers=headers, timeout=WAIT_S)


def read_answers(client: socket.socket, number: int) -> bytes:
    found = b""
    while found.count(b'"verdict"') < number:
        data = client.recv(65536)
        assert data
        found += data
    return found


def test_bodies_may_come_in_pieces_and_requests_together(lone: RunningService) -> None:
    with socket.create_connection(lone.address, WAIT_S) as client:
        whole = request()
        for start in range(0, len(whole), 1500):
            client.sendall(whole[start : start + 1500])
            time.sleep(0.001)
        read_answers(client, 1)
        client.sendall(3 * whole + whole[:2000])
        read_answers(client, 3)
        client.sendall(whole[2000:])
        read_answers(client, 1)


def test_a_body_that_comes_late_is_read_by_a_thread(lone: RunningService) -> None:
    whole = request()
    with socket.create_connection(lone.address, WAIT_S) as client:
        client.sendall(whole[:-1000])
        time.sleep(BODY_S + 1.5)
        client.sendall(whole[-1000:] + whole)
        read_answers(client, 2)


def test_bodies_that_do_not_come_hold_nobody_up(lone: RunningService) -> None:
    head = request(bytes(2**20))[:200]
    clients = [socket.create_connection(lone.address, WAIT_S) for _ in range(3 * FEW_THREADS)]
    try:
        for client in clients:
            client.sendall(head)
        began = time.monotonic()
        for _ in range(5):
            assert classify(lone).ok
        assert time.monotonic() - began < SOON_S
    finally:
        for client in clients:
            client.close()


def test_who_goes_away_leaves_nothing_behind(lone: RunningService) -> None:
    for cut in (300, -1):
        with socket.create_connection(lone.address, WAIT_S) as client:
            client.sendall(request()[:cut])
    for _ in range(4):  # goes away before it is answered
        with socket.create_connection(lone.address, WAIT_S) as client:
            client.sendall(request())
    assert classify(lone).ok
    assert samples(lone)["dogorcat_pictures_waiting"][()] == 0
    assert samples(lone)["dogorcat_requests_under_way"][()] == 1  # the one that asks


def test_who_takes_no_answers_holds_nobody_up(lone: RunningService) -> None:
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(SOON_S)
        client.connect(lone.address)
        asked = request(picture("red", size=(640, 480)), "?preview=true")
        with contextlib.suppress(TimeoutError):
            while True:  # until its answers have filled all that lies between us
                client.sendall(asked)
        began = time.monotonic()
        for _ in range(5):
            assert classify(lone).ok
        assert time.monotonic() - began < SOON_S
        client.settimeout(WAIT_S)
        assert read_answers(client, 20).count(b'"preview"') >= 19


def test_pictures_that_take_long_hold_nobody_up(lone: RunningService) -> None:
    hard = picture("red", size=(7000, 7000), format="PNG")  # decoded by a process of its own
    with concurrent.futures.ThreadPoolExecutor() as pool:
        late = [pool.submit(classify, lone, hard) for _ in range(4)]
        time.sleep(0.3)
        for _ in range(5):
            assert classify(lone).ok
        assert not all(one.done() for one in late)
    assert all(one.result().ok for one in late)


def test_waiting_is_told(lone: RunningService) -> None:
    before = samples(lone)
    large = picture("red", size=(3000, 3000), format="PNG")
    answers = together(lone, [request(large)] * 12)
    after = samples(lone)
    waits, decodes, rests = [], [], []
    for answer in answers:
        stages = dict(part.split(";dur=") for part in answer.headers["Server-Timing"].split(", "))
        found = {name: float(value) for name, value in stages.items()}
        rests.append(found["total"] - found["wait"] - found["decode"] - found["inference"])
        waits.append(found["wait"])
        decodes.append(found["decode"])
    assert max(waits) > 5 * median(decodes)
    assert min(rests) > -0.3  # of rounded numbers
    count = "dogorcat_stage_seconds_count"
    for stage in ("wait", "decode", "inference"):
        assert after[count][(stage,)] - before[count][(stage,)] == 12


def test_new_connections_are_taken_while_pictures_are_computed(lone: RunningService) -> None:
    over = threading.Event()
    large = request(picture("red", size=(3000, 3000), format="PNG"))

    def keep_busy() -> None:
        with socket.create_connection(lone.address, WAIT_S) as client:
            while not over.is_set():
                client.sendall(large)
                read_answers(client, 1)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        busy = [pool.submit(keep_busy) for _ in range(COHORT)]
        began = time.monotonic()
        answers = together(lone, [b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"] * 200)
        took = time.monotonic() - began
        over.set()
    assert {answer.status for answer in answers} == {200}
    assert took < SOON_S
    assert all(one.result() is None for one in busy)
