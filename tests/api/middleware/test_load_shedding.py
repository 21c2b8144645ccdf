"""What is refused before Flask sees it looks as if Flask had refused it."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import Client, TestResponse

from api.app import create_app
from api.classification import Service
from api.settings import Settings
from tests.api.conftest import RED

ORIGIN = "https://page.example"
OWN = {"X-Request-Id", "Server-Timing", "Content-Length"}
"""Headers that differ from answer to answer."""


@contextlib.contextmanager
def client_of_full(model_dir: Path, **settings: object) -> Iterator[FlaskClient]:
    """A client of an application whose compute queue is full."""
    given = Settings(model_dir=model_dir, **settings)  # type: ignore[arg-type]
    service = Service.start(given)
    with contextlib.ExitStack() as places:
        while not service.queue.is_full:
            places.enter_context(service.queue.admit())
        yield create_app(given, service).test_client()


def post(client: Client, **headers: str) -> TestResponse:
    return client.post("/api/v1/classify", data=RED, content_type="image/png", headers=headers)


def headers_of(answer: TestResponse) -> set[tuple[str, str]]:
    return {(name, value) for name, value in answer.headers if name not in OWN}


def test_a_refusal_is_flasks(model_dir: Path) -> None:
    """Flask answers what comes from a page of another origin; one that is not allowed to read it
    gets no more headers than a program.
    """
    with client_of_full(model_dir, cors_origins=(ORIGIN,)) as client:
        early, flasks = post(client), post(client, Origin="https://other.example")
        assert (early.status, early.json["code"]) == ("503 SERVICE UNAVAILABLE", "overloaded")
        assert early.status == flasks.status
        assert early.json | {"request_id": ""} == flasks.json | {"request_id": ""}
        # Of the origins that Flask knows of.
        more = {"Cross-Origin-Resource-Policy", "Timing-Allow-Origin", "Vary"}
        assert {one for one in headers_of(flasks) if one[0] not in more} == {
            one for one in headers_of(early) if one[0] not in more
        }
        assert "Server-Timing" in flasks.headers
        assert "Server-Timing" not in early.headers
        assert early.json["request_id"] == early.headers["X-Request-Id"]
        assert post(client, **{"X-Request-Id": "mine-7"}).json["request_id"] == "mine-7"


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics", "/api/v1/models"])
def test_the_page_and_health_are_answered(model_dir: Path, path: str) -> None:
    with client_of_full(model_dir) as client, client.get(path) as answer:
        assert answer.status_code == 200


def test_pages_of_other_origins_can_read_a_refusal(model_dir: Path) -> None:
    with client_of_full(model_dir, cors_origins=(ORIGIN,)) as client:
        assert post(client, Origin=ORIGIN).headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "Access-Control-Allow-Origin" not in post(client).headers


def test_refusals_are_counted_and_logged_together(
    model_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with client_of_full(model_dir) as client:

        def refused() -> float:
            lines = client.get("/metrics").text.splitlines()
            return sum(float(line.split()[-1]) for line in lines if 'reason="overloaded"' in line)

        before = refused()
        with caplog.at_level(logging.INFO, logger="api.request"):
            for _ in range(50):
                assert post(client).status_code == 503
        assert refused() == before + 50
        lines = [record for record in caplog.records if hasattr(record, "refused")]
        assert 1 <= len(lines) < 50
        assert lines[0].refused == 1
