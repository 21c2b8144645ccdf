"""What is refused before Flask sees it looks as if Flask had refused it."""

import logging
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import Client, TestResponse

from api.app import create_app
from api.middleware.load_shedding import Shedder
from api.settings import Settings
from tests.api.conftest import RED
from tests.api.lanes import fill

ORIGIN = "https://page.example"
OWN = {"X-Request-Id", "Server-Timing", "Content-Length"}
"""Headers that differ from answer to answer."""


def full_app(model_dir: Path, **settings: object) -> Flask:
    """An application all of whose places are taken."""
    app = create_app(Settings(model_dir=model_dir, **settings))  # type: ignore[arg-type]
    fill(app)
    return app


def post(client: Client, **headers: str) -> TestResponse:
    return client.post("/api/v1/classify", data=RED, content_type="image/png", headers=headers)


def headers_of(answer: TestResponse) -> set[tuple[str, str]]:
    return {(name, value) for name, value in answer.headers if name not in OWN}


def test_a_refusal_is_flasks(model_dir: Path) -> None:
    app = full_app(model_dir)
    shedder: Shedder = app.extensions["shedder"]
    mine = post(app.test_client())
    flasks = post(Client(shedder._application))
    assert (mine.status, mine.json["code"]) == ("503 SERVICE UNAVAILABLE", "overloaded")
    assert mine.status == flasks.status
    assert mine.json | {"request_id": ""} == flasks.json | {"request_id": ""}
    assert headers_of(mine) == headers_of(flasks)
    assert mine.json["request_id"] == mine.headers["X-Request-Id"]
    assert post(app.test_client(), **{"X-Request-Id": "mine-7"}).json["request_id"] == "mine-7"


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics", "/api/v1/models"])
def test_the_page_and_health_are_answered(model_dir: Path, path: str) -> None:
    with full_app(model_dir).test_client().get(path) as answer:
        assert answer.status_code == 200


def test_pages_of_other_origins_can_read_a_refusal(model_dir: Path) -> None:
    client = full_app(model_dir, cors_origins=(ORIGIN,)).test_client()
    assert post(client, Origin=ORIGIN).headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Origin" not in post(client).headers


def test_refusals_are_counted_and_logged_together(
    model_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = full_app(model_dir).test_client()

    def refused() -> float:
        lines = client.get("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if 'reason="overloaded"' in line)

    before = refused()
    with caplog.at_level(logging.INFO, logger="api.request"):
        for _ in range(50):
            assert post(client).status_code == 503
    assert refused() == before + 50
    lines = [record for record in caplog.records if hasattr(record, "refused")]
    assert 1 <= len(lines) < 5
    assert lines[0].refused == 1
