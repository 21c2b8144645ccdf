"""The ways to the documentation, and that its pages need nothing from anywhere else."""

import html
import re

import pytest
import requests

from api.routes.docs import ASSETS, SNIPPETS
from tests.api.conftest import World

TIMEOUT_S = 30


def get(world: World, path: str, **kwargs: bool) -> requests.Response:
    return requests.get(world.service.url + path, timeout=TIMEOUT_S, **kwargs)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/api", "/api/", "/api/v1", "/api/v1/"])
def test_what_people_type_leads_to_the_documentation(world: World, path: str) -> None:
    answer = get(world, path, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/api/docs")
    assert answer.content == b""
    assert "swagger-ui" in get(world, path).text


@pytest.mark.parametrize("path", ["/openapi.json", "/api/v1/openapi.json"])
def test_and_to_the_document(world: World, path: str) -> None:
    assert get(world, path).json()["openapi"] == "3.1.0"


@pytest.mark.parametrize("path", ["/api/docs", "/api/quickstart"])
def test_pages_load_only_what_is_served_here(world: World, path: str) -> None:
    page = get(world, path)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assets = re.findall(r'(?:src|href)="(docs/[^"]+)"', page.text)
    assert assets
    for asset in assets:
        assert get(world, f"/api/{asset}").status_code == 200
    addresses = re.findall(r"https?://[^/\s]+", page.text)
    assert set(addresses) <= {"http://127.0.0.1:8000", "https://example.org"}


def test_assets_are_these_alone(world: World) -> None:
    for asset in ASSETS:
        assert get(world, f"/api/docs/{asset}").status_code == 200
    for asset in ("index.html", "..%2f__init__.py", "swagger.html"):
        answer = get(world, f"/api/docs/{asset}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_quickstart_has_every_language(world: World) -> None:
    page = html.unescape(get(world, "/api/quickstart").text)
    for snippet in SNIPPETS:
        assert f">{snippet.title}</label>" in page
        assert snippet.code in page
