"""CORS as a browser sees it: who may read the answers, and what a page may send."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from support.running import RunningService, running_service
from tests.api.conftest import RED

TIMEOUT_S = 30
ORIGIN = "https://app.example"
ALLOWED = f"{ORIGIN}, http://[::1]:3000,capacitor://localhost"


@pytest.fixture(scope="module")
def service(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    settings = {"MODEL_DIR": model_dir, "WEB_CONCURRENCY": 1, "CORS_ORIGINS": ALLOWED}
    with running_service(tmp_path_factory.mktemp("cors"), **settings) as service:
        yield service


def preflight(
    service: RunningService, asked: str, origin: str = ORIGIN, method: str = "POST"
) -> "requests.structures.CaseInsensitiveDict[str]":
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": asked,
    }
    url = f"{service.url}/api/v1/classify"
    answer = requests.options(url, headers=headers, timeout=TIMEOUT_S)
    assert answer.status_code == 200
    return answer.headers


@pytest.mark.parametrize("origin", [ORIGIN, "http://[::1]:3000", "capacitor://localhost"])
def test_origins_of_the_setting_may_read(service: RunningService, origin: str) -> None:
    url = f"{service.url}/api/v1/models"
    answer = requests.get(url, headers={"Origin": origin}, timeout=TIMEOUT_S)
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]
    assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://app.example", "https://app.example:8443", "null", "*", "",
     "https://app.example.evil.example", "https://xapp.example", "https://app.example/",
     "app.example", "https://APP.example", "https://appXexample", "https://app.example,https://evil.example"],
)  # fmt: skip
def test_others_may_not(service: RunningService, origin: str) -> None:
    url = f"{service.url}/api/v1/models"
    answer = requests.get(url, headers={"Origin": origin}, timeout=TIMEOUT_S)
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("Access-Control")]
    assert answer.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Origin" not in preflight(service, "content-type", origin)


def test_a_cache_keeps_answers_apart(service: RunningService) -> None:
    answer = requests.get(f"{service.url}/api/v1/models", timeout=TIMEOUT_S)
    assert answer.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "asked",
    ["content-type", "content-type,x-requested-with,cache-control",  # Dropzone
     "x-api-key", "authorization", "x-request-id", "pragma, expires, if-modified-since",
     "x-csrf-token,x-xsrf-token",  # Rails, Django, Angular
     "traceparent,tracestate,baggage,sentry-trace,b3",  # tracing
     "x-file-name,x-mime-type,x-file-size",  # Fine Uploader
     "if-none-match", "idempotency-key", "X-Whatever-Comes-Next"],
)  # fmt: skip
def test_a_page_may_send_any_header(service: RunningService, asked: str) -> None:
    headers = preflight(service, asked)
    allowed = {name.strip().lower() for name in headers["Access-Control-Allow-Headers"].split(",")}
    assert {name.strip().lower() for name in asked.split(",")} <= allowed
    assert {"GET", "POST"} <= set(headers["Access-Control-Allow-Methods"].split(", "))
    assert int(headers["Access-Control-Max-Age"]) > 0


@pytest.mark.parametrize("asked", ["", ",", "a b", "x" * 200, "<script>", "é", "a:b"])
def test_what_is_no_name_of_a_header_is_not_repeated(service: RunningService, asked: str) -> None:
    headers = preflight(service, asked.encode("latin-1").decode("latin-1"))
    assert headers["Access-Control-Allow-Headers"] == "Content-Type"


def test_errors_may_be_read_too(service: RunningService) -> None:
    for path, status in (("/api/v1/nothing", 404), ("/api/v1/classify?x=1", 400)):
        answer = requests.post(
            service.url + path, data=RED, headers={"Origin": ORIGIN}, timeout=TIMEOUT_S
        )
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize("path", ["/", "/healthz", "/random_image", "/apix", "/api"])
def test_only_the_api_is_shared(service: RunningService, path: str) -> None:
    answer = requests.get(
        service.url + path, headers={"Origin": ORIGIN}, timeout=TIMEOUT_S, allow_redirects=False
    )
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_all_origins(model_dir: Path, tmp_path: Path) -> None:
    settings = {"MODEL_DIR": model_dir, "WEB_CONCURRENCY": 1, "CORS_ORIGINS": "*"}
    with running_service(tmp_path, RATE_LIMIT="2 per minute", **settings) as service:
        for _ in range(5):  # preflights are not counted
            assert preflight(service, "x-any")["Access-Control-Allow-Origin"] == "*"
        statuses = []
        for _ in range(3):
            answer = requests.post(
                f"{service.url}/api/v1/classify",
                files={"image": RED},
                headers={"Origin": "https://any.example"},
                timeout=TIMEOUT_S,
            )
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            statuses.append(answer.status_code)
        assert statuses == [200, 200, 429]
