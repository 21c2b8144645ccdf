"""The desk: pictures are answered abreast, step by step, and nobody waits for one that waits."""

import concurrent.futures
import contextlib
import socket
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median

import pytest
import requests

from api.arrivals import BODY_S
from api.compute_queue import Lane
from api.connection import Elsewhere
from api.deadline import Deadline
from api.desk import CLASSIFY, COHORT, Desk
from tests.api.conftest import FEW_THREADS, RED
from tests.api.photo_servers import picture
from tests.api.telemetry.test_request_log import samples
from tests.api.together import together
from tests.running import RunningService, on_one_cpu, running_service

WAIT_S = 20.0
SOON_S = 2.0


@pytest.fixture
def lane() -> Lane:
    return Lane(width=2, waiting=10)


@pytest.fixture
def desk(lane: Lane) -> Desk:
    return Desk(lane, is_open=True)


def test_each_step_is_done_for_all_before_the_next(desk: Desk) -> None:
    steps: list[tuple[int, str]] = []

    def answer(step: str) -> None:
        for number in range(3):
            steps.append((number, step))
            desk.pause()

    names = [str(i) for i in range(COHORT)]
    for name in [*names, "next"]:
        desk.put(partial(answer, name))
    desk.serve()
    assert steps == [(number, name) for number in range(3) for name in names]
    assert not desk.is_empty
    desk.serve()
    assert steps[3 * COHORT :] == [(number, "next") for number in range(3)]
    assert desk.is_empty


def test_places_are_taken_while_they_wait_and_given_back(desk: Desk, lane: Lane) -> None:
    full = list[bool]()

    def answer() -> None:
        desk.pause()
        full.append(lane.full)
        with lane.place():  # has one already
            lane.wait(Deadline(0))
            lane.go()

    while not lane.full:
        desk.put(answer)
    while not desk.is_empty:
        desk.serve()
    assert full == [False] * 12  # for them
    assert (lane._places, lane._free) == (12, 2)


def test_who_has_to_wait_leaves_at_once(desk: Desk) -> None:
    done = list[str]()

    def answer(name: str) -> None:
        try:
            desk.pause()
            if name == "late":
                desk.leave()
        except Elsewhere:
            done.append("left")
            return
        desk.pause()
        done.append(name)

    for name in ("a", "late", "b"):
        desk.put(partial(answer, name))
    desk.serve()
    assert done == ["left", "a", "b"]


def test_a_worker_that_ends_ends_its_requests(desk: Desk, lane: Lane) -> None:
    desk.put(lambda: sys.exit(0))
    with pytest.raises(SystemExit):
        desk.serve()
    assert lane._places == 12


def test_elsewhere_nothing_happens(desk: Desk) -> None:
    desk.pause()
    desk.leave()
    desk.serve()


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
    lane = Lane(width=1, waiting=1)
    assert Desk(lane, is_open=True).takes(method, path, content_type) == taken
    assert not Desk(lane, is_open=False).takes(method, path, content_type)


# From here on: the real service, with one worker.


@pytest.fixture(scope="module")
def lone(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with one worker, which has one CPU: all pictures go to its desk."""
    folder = tmp_path_factory.mktemp("lone")
    settings = {"MODEL_DIR": model_dir, "WEB_CONCURRENCY": 1, "THREADS": FEW_THREADS}
    with on_one_cpu(running_service(folder, **settings)) as service:
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
        asked = request(picture("red", size=(640, 480)), "?explain=true")
        with contextlib.suppress(TimeoutError):
            while True:  # until its answers have filled all that lies between us
                client.sendall(asked)
        began = time.monotonic()
        for _ in range(5):
            assert classify(lone).ok
        assert time.monotonic() - began < SOON_S
        client.settimeout(WAIT_S)
        assert read_answers(client, 20).count(b'"heatmap"') >= 19


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
    large = picture("red", size=(1000, 950), format="PNG")
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
    large = request(picture("red", size=(1000, 950), format="PNG"))

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


def test_what_is_begun_anew_is_counted_once(lone: RunningService) -> None:
    def remaining(reply: requests.Response) -> int:
        return int(reply.headers["RateLimit"].split("r=")[1].split(";")[0])

    first, before = classify(lone), samples(lone)
    large = classify(lone, picture("red", size=(2500, 2500)))
    after = samples(lone)
    assert remaining(first) - remaining(large) == 1
    for metric in ("dogorcat_requests_total", "dogorcat_stage_seconds_count"):
        for labels, count in after[metric].items():
            expected = 1 if {CLASSIFY, "wait", "decode", "inference"} & {*labels} else 0
            if "/metrics" not in labels:
                assert count - before[metric].get(labels, 0) == expected, labels
