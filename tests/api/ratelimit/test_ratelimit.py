"""Rate limits, API keys, who a client is, CORS, and what happens when there is too much."""

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from support.clients import together
from support.photo_servers import picture
from support.running import ROOT, RunningService, free_port, running_service, wait_until
from tests.api.conftest import RED

TIMEOUT_S = 30


def classify(
    service: RunningService, headers: dict[str, str] | None = None, **kwargs: object
) -> requests.Response:
    url = f"{service.url}/api/v1/classify"
    return requests.post(  # type: ignore[arg-type]
        url, files={"image": RED}, headers=headers, timeout=TIMEOUT_S, **kwargs
    )


def make_key(file: Path) -> str:
    command = [sys.executable, "-m", "api", "key", "tester"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    file.write_text("# whose key it is: its hash\n" + made.stdout)
    return made.stderr.split(": ")[1].strip()


@contextlib.contextmanager
def redis(tmp_path: Path) -> Iterator[int]:
    port = free_port()
    command = ["redis-server", "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            assert process.poll() is None
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


def test_one_client_is_limited_and_a_key_is_not(model_dir: Path, tmp_path: Path) -> None:
    key = make_key(tmp_path / "keys")
    with running_service(
        tmp_path,
        MODEL_DIR=model_dir,
        WEB_CONCURRENCY=1,
        RATE_LIMIT="3 per minute",
        API_KEYS_FILE=tmp_path / "keys",
    ) as service:
        for left in (2, 1, 0):
            answer = classify(service)
            assert answer.status_code == 200
            assert answer.headers["RateLimit-Policy"] == '"client";q=3;w=60'
            assert answer.headers["RateLimit"].startswith(f'"client";r={left};t=')
        refused = classify(service, {"X-Forwarded-For": "8.8.8.8"})  # anyone can send this
        assert refused.status_code == 429
        assert refused.json()["code"] == "rate_limited"
        assert 0 < int(refused.headers["Retry-After"]) <= 61
        for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}):
            assert classify(service, headers).status_code == 200
        unknown = classify(service, {"X-API-Key": key[:-1] + "!"})
        assert (unknown.status_code, unknown.json()["code"]) == (401, "unauthorized")
        for path in ("/", "/healthz", "/readyz", "/api/v1/models", "/api/openapi.json"):
            assert requests.get(service.url + path, timeout=TIMEOUT_S).status_code == 200
        assert key not in service.output()


def test_trusted_proxies_tell_clients_apart(model_dir: Path, tmp_path: Path) -> None:
    settings = {"MODEL_DIR": model_dir, "WEB_CONCURRENCY": 1, "RATE_LIMIT": "1 per minute"}
    with running_service(tmp_path, TRUSTED_PROXIES=1, **settings) as service:
        statuses = [
            classify(service, {"X-Forwarded-For": chain}).status_code
            for chain in ("1.1.1.1, 9.9.9.1", "1.1.1.1, 9.9.9.2", "2.2.2.2, 9.9.9.1:40001")
        ]
    assert statuses == [200, 200, 429]  # what the client itself claims, on the left, counts nothing


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server here")
def test_with_redis_all_workers_count_together(model_dir: Path, tmp_path: Path) -> None:
    with (
        redis(tmp_path) as port,
        running_service(
            tmp_path,
            MODEL_DIR=model_dir,
            WEB_CONCURRENCY=2,
            RATE_LIMIT="4 per minute",
            RATE_LIMIT_STORAGE_URL=f"redis://127.0.0.1:{port}",
        ) as service,
    ):
        statuses = [classify(service).status_code for _ in range(12)]
    assert sorted(statuses) == [200] * 4 + [429] * 8


@pytest.mark.parametrize(
    ("line", "words"), [("tester:abc", "line 1"), ("tester", "line 1"), (None, "cannot be read")]
)
def test_a_wrong_file_of_keys(tmp_path: Path, line: str | None, words: str) -> None:
    from api.ratelimit.api_keys import Keys
    from api.settings import SettingsError

    if line is not None:
        (tmp_path / "keys").write_text(line)
    with pytest.raises(SettingsError, match=words):
        Keys(tmp_path / "keys")


@pytest.mark.parametrize("name", ["", "a b", "x" * 65])
def test_a_wrong_name_for_a_key(name: str) -> None:
    command = [sys.executable, "-m", "api", "key", name]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (made.returncode, made.stdout) == (2, "")


def test_cors_is_off_unless_set(model_dir: Path, tmp_path: Path) -> None:
    headers = {"Origin": "https://app.example"}
    with running_service(tmp_path, MODEL_DIR=model_dir, WEB_CONCURRENCY=1) as service:
        answer = requests.get(f"{service.url}/api/v1/models", headers=headers, timeout=TIMEOUT_S)
        assert "Access-Control-Allow-Origin" not in answer.headers
    with running_service(
        tmp_path, MODEL_DIR=model_dir, WEB_CONCURRENCY=1, CORS_ORIGINS="https://app.example"
    ) as service:
        url = f"{service.url}/api/v1/classify"
        asked = headers | {"Access-Control-Request-Method": "POST"}
        preflight = requests.options(url, headers=asked, timeout=TIMEOUT_S)
        assert preflight.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert "Access-Control-Allow-Credentials" not in preflight.headers
        other = {"Origin": "https://evil.example"}
        refused = requests.get(f"{service.url}/api/v1/models", headers=other, timeout=TIMEOUT_S)
        assert "Access-Control-Allow-Origin" not in refused.headers
        page = requests.get(f"{service.url}/", headers=headers, timeout=TIMEOUT_S)
        assert "Access-Control-Allow-Origin" not in page.headers


def test_too_many_at_once_are_told_at_once(model_dir: Path, tmp_path: Path) -> None:
    """More requests than a worker takes: each is answered, or told to come back."""
    photo = picture("red", size=(4000, 3000))
    request = b"POST /api/v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\n"
    request += b"Content-Length: %d\r\n\r\n" % len(photo) + photo
    with running_service(tmp_path, MODEL_DIR=model_dir, WEB_CONCURRENCY=1, THREADS=8) as service:
        answers = together(service, [request] * 100)
        assert {answer.status for answer in answers} == {200, 503}
        for answer in answers:
            if answer.status == 503:
                assert json.loads(answer.content)["code"] == "overloaded"  # type: ignore[attr-defined]
                assert answer.headers["Retry-After"] == "1"
        assert classify(service).status_code == 200


def test_a_request_past_its_deadline_is_not_computed(model_dir: Path, tmp_path: Path) -> None:
    with running_service(
        tmp_path, MODEL_DIR=model_dir, WEB_CONCURRENCY=1, REQUEST_TIMEOUT_S=1
    ) as service:
        host, port = service.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=TIMEOUT_S) as slow:
            slow.sendall(
                b"POST /api/v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\n"
                b"Content-Length: 100000\r\n\r\n\xff\xd8"
            )
            answer = b"".join(iter(lambda: slow.recv(65536), b"")).decode()
        assert answer.startswith("HTTP/1.1 504 ")
        assert "deadline_exceeded" in answer
        wait_until(lambda: classify(service).ok)  # a busy machine may need more than a second


def test_security_headers_everywhere(model_dir: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, MODEL_DIR=model_dir, WEB_CONCURRENCY=1) as service:
        for path in ("/", "/api/v1/models", "/api/docs", "/nothing", "/healthz"):
            headers = requests.get(service.url + path, timeout=TIMEOUT_S).headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
