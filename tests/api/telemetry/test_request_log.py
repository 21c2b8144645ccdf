"""What is seen of a request from outside: ids, log lines, timing, metrics."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from support.running import RunningService, running_service, wait_until
from tests.api.conftest import BLUE, RED, World

TIMEOUT_S = 60
BROKEN = RED[:200]
SECRET = "s3cr3t-in-a-link"


@pytest.fixture(scope="module")
def service(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    settings = {"WEB_CONCURRENCY": 2, "LOG_LEVEL": "debug", "CORS_ORIGINS": "https://page.example"}
    folder = tmp_path_factory.mktemp("observe")
    with running_service(folder, MODEL_DIR=model_dir, **settings) as service:
        # It is ready when one of them is.
        wait_until(lambda: samples(service)["dogorcat_workers"][()] == 2)
        yield service


def samples(service: RunningService) -> dict[str, dict[tuple[str, ...], float]]:
    """name -> values of the labels -> value"""
    reply = requests.get(f"{service.url}/metrics", timeout=TIMEOUT_S)
    assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(reply.text):
        for sample in family.samples:
            key = tuple(value for _, value in sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[key] = sample.value
    return found


def lines(service: RunningService) -> list[dict[str, Any]]:
    return [json.loads(line) for line in service.output().splitlines() if line.startswith("{")]


def classify(service: RunningService, picture: bytes = RED, **headers: str) -> requests.Response:
    return requests.post(
        f"{service.url}/api/v1/classify",
        files={"image": picture},
        headers=headers,
        timeout=TIMEOUT_S,
    )


@pytest.mark.parametrize("given", ["abc-123", "4bf92f3577b34da6a3ce929d0e0e4736", "a" * 64])
def test_a_request_keeps_its_id(service: RunningService, given: str) -> None:
    reply = classify(service, **{"X-Request-Id": given})
    assert reply.headers["X-Request-Id"] == given
    (line,) = [line for line in lines(service) if line.get("request_id") == given]
    assert line["route"] == "/api/v1/classify"


@pytest.mark.parametrize("given", ["", "a" * 65, "two words", 'a"b', "<b>", "café"])
def test_an_id_that_is_none_is_replaced(service: RunningService, given: str) -> None:
    reply = requests.get(
        f"{service.url}/healthz", headers={"X-Request-Id": given.encode()}, timeout=TIMEOUT_S
    )
    assert re.fullmatch("[0-9a-f]{16}", reply.headers["X-Request-Id"])


def test_a_problem_names_the_request(service: RunningService) -> None:
    reply = classify(service, BROKEN)
    assert reply.json()["request_id"] == reply.headers["X-Request-Id"]
    batch = requests.post(
        f"{service.url}/api/v1/classify/batch",
        files=[("image", RED), ("image", BROKEN)],
        timeout=TIMEOUT_S,
    )
    problem = batch.json()["results"][1]["error"]
    assert problem["request_id"] == batch.headers["X-Request-Id"]


def test_a_line_tells_what_happened_and_not_with_what(world: World) -> None:
    service = world.service
    ask = {"url": f"{world.address('red.jpg')}?{SECRET}"}
    for path in ("/api/v1/classify", "/", f"/nowhere/{SECRET}", f"/healthz?{SECRET}"):
        requests.post(
            f"{service.url}{path}?{SECRET}=1",
            json=ask,
            headers={"User-Agent": SECRET, "Referer": SECRET},
            timeout=TIMEOUT_S,
        )
    reply = requests.post(
        f"{service.url}/api/v1/classify", json=ask, headers={"X-Request-Id": "seen"}, timeout=60
    )
    (line,) = [line for line in lines(service) if line.get("request_id") == "seen"]
    assert (line["method"], line["route"], line["status"]) == ("POST", "/api/v1/classify", 200)
    assert line["verdict"] == reply.json()["verdict"]
    assert list(line["stages_ms"]) == ["fetch", "wait", "decode", "inference"]
    assert line["ms"] >= sum(line["stages_ms"].values()) - 0.5
    assert SECRET not in service.output()


def test_a_link_gunicorn_refuses_is_not_logged_with_its_query(service: RunningService) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"GET /?key={SECRET} HTTP/9.9\r\n\r\n".encode())
        assert b"400 Bad Request" in connection.recv(1000)
    assert SECRET not in service.output()


def test_server_timing(service: RunningService) -> None:
    reply = classify(service)
    parts = dict(part.split(";dur=") for part in reply.headers["Server-Timing"].split(", "))
    assert list(parts) == ["wait", "decode", "inference", "total"]
    timing = reply.json()["timing_ms"]
    assert float(parts["decode"]) == pytest.approx(timing["decode"], abs=1)
    assert float(parts["total"]) >= timing["decode"] + timing["inference"] - 0.2
    assert reply.headers["Timing-Allow-Origin"] == "https://page.example"


def test_metrics_count_what_was_sent(service: RunningService) -> None:
    before = samples(service)
    for picture in (RED, RED, BLUE, BROKEN):
        classify(service, picture)
    requests.post(
        f"{service.url}/api/v1/classify/batch",
        files=[("image", RED), ("image", BROKEN)],
        timeout=TIMEOUT_S,
    )
    requests.get(f"{service.url}/api/v1/models/nobody", timeout=TIMEOUT_S)
    after = samples(service)

    def more(name: str, *labels: str) -> float:
        return after[name].get(labels, 0) - before.get(name, {}).get(labels, 0)

    classified = "/api/v1/classify"
    assert more("dogorcat_requests_total", "200", "POST", classified) == 3
    assert more("dogorcat_requests_total", "422", "POST", classified) == 1
    assert more("dogorcat_requests_total", "200", "POST", f"{classified}/batch") == 1
    assert more("dogorcat_requests_total", "404", "GET", "/api/v1/models/<name>") == 1
    assert more("dogorcat_request_seconds_count", classified) == 4
    assert more("dogorcat_verdicts_total", "cat", "cat_dog") == 3
    assert more("dogorcat_verdicts_total", "dog", "cat_dog") == 1
    assert more("dogorcat_refused_total", "image_unreadable") == 2
    assert more("dogorcat_refused_total", "model_not_found") == 1
    assert more("dogorcat_stage_seconds_count", "inference") == 4
    assert after["dogorcat_workers"][()] == 2
    assert after["dogorcat_requests_under_way"][()] == 1, "the one that asks"
    assert after["dogorcat_pictures_waiting"][()] == 0
    assert after["dogorcat_model_workers"]["animals", "2"] == 2


def test_labels_do_not_grow_with_what_visitors_send(service: RunningService) -> None:
    def ask(mark: str) -> None:
        for method in ("GET", f"BREW{mark}"):
            for path in (f"/nowhere/{mark}", f"/api/v1/models/{mark}", f"/?{mark}"):
                requests.request(method, service.url + path, timeout=TIMEOUT_S)
        requests.get(f"{service.url}/api/v1/random?subject={mark}", timeout=TIMEOUT_S)
        requests.post(f"{service.url}/api/v1/classify?model={mark}", data=RED, timeout=TIMEOUT_S)

    for mark in ("ONE", "TWO"):  # both workers may have to meet each once
        for _ in range(10):
            ask(mark)
    before = {name: set(values) for name, values in samples(service).items()}
    for number in range(5):
        ask(f"MORE{number}")
    after = {name: set(values) for name, values in samples(service).items()}
    assert after == before


@pytest.mark.parametrize(
    ("trusted", "forwarded", "words"),
    [
        (0, "203.0.113.9", "a proxy on this machine"),
        (2, "203.0.113.9", "only 1 passed a request on"),
        (1, "203.0.113.9", ""),
        (0, "", ""),
    ],
)
def test_a_wrong_count_of_proxies(
    model_dir: Path, tmp_path: Path, trusted: int, forwarded: str, words: str
) -> None:
    settings = {"MODEL_DIR": model_dir, "WEB_CONCURRENCY": 1, "TRUSTED_PROXIES": trusted}
    with running_service(tmp_path, **settings) as service:
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        for _ in range(3):
            url = f"{service.url}/api/v1/models"
            assert requests.get(url, headers=headers, timeout=TIMEOUT_S).ok
        said = [
            one["message"]
            for one in lines(service)
            if one["logger"] == "api.ratelimit.client_address"
        ]
    assert len(said) == bool(words)
    assert all(f"TRUSTED_PROXIES={trusted}: {words}" in line for line in said)
