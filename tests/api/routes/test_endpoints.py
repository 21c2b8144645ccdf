"""Everything beside classify: models, random, health, the first version's calls, the page."""

import pytest
import requests

from tests.api.conftest import World

TIMEOUT_S = 30


def get(world: World, path: str) -> requests.Response:
    return requests.get(f"{world.service.url}{path}", timeout=TIMEOUT_S)


def test_models_are_listed_with_the_default_marked(world: World) -> None:
    models = get(world, "/api/v1/models").json()["models"]
    assert [(m["name"], m["default"]) for m in models] == [("animals", False), ("cat_dog", True)]
    assert models[0]["labels"] == ["lion", "whale"]
    assert "golden" not in models[0]
    assert get(world, "/api/v1/models/animals").json() == models[0]


def test_health(world: World) -> None:
    assert get(world, "/healthz").json() == {"status": "ok"}
    assert get(world, "/readyz").json() == {"status": "ready", "models": ["animals", "cat_dog"]}


def test_random_has_credit_and_result(world: World) -> None:
    answer = get(world, "/api/v1/random?subject=cat&explain=true&preview=true").json()
    assert answer["photo"]["source"] == "flickr"
    assert answer["photo"]["author"] == "Marine Explorer"
    assert answer["photo"]["subject"] == "cat"
    assert answer["result"]["image"]["width"] == 640
    assert answer["result"]["preview"].startswith("data:image/jpeg;base64,")
    assert "raw" not in answer["photo"]


def test_random_without_classification(world: World) -> None:
    answer = get(world, "/api/v1/random?classify=false").json()
    assert answer["result"] is None
    assert answer["photo"]["subject"] in ("cat", "dog")


def test_random_knows_the_labels_of_the_model(world: World) -> None:
    assert get(world, "/api/v1/random?subject=whale&model=animals").json()["result"]
    problem = get(world, "/api/v1/random?subject=whale").json()
    assert problem["code"] == "invalid_request"
    assert "any, cat, dog" in problem["detail"]


def test_first_version_probability_of_a_dog(world: World) -> None:
    url = world.address("red.jpg")
    answer = requests.post(f"{world.service.url}/", json={"url": url}, timeout=TIMEOUT_S).json()
    assert answer["url"] == url
    assert answer["prob"] < 0.1
    assert set(answer) == {"prob", "url"}


def test_first_version_random_image(world: World) -> None:
    record = get(world, "/random_image").json()
    assert record["ownername"] == "Marine Explorer"
    assert record["search_term"] in ("cat", "dog")


def test_the_page_and_its_headers(world: World) -> None:
    answer = get(world, "/")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<title>" in answer.text


def test_the_page_is_revalidated(world: World) -> None:
    etag = get(world, "/").headers["ETag"]
    headers = {"If-None-Match": etag}
    answer = requests.get(f"{world.service.url}/", headers=headers, timeout=TIMEOUT_S)
    assert answer.status_code == 304


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("POST", "/nothing", 404, "not_found"),
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api/v1/models/nobody", 404, "model_not_found"),
        ("GET", "/../api/__init__.py", 404, "not_found"),
        ("GET", "/%2e%2e/api/__init__.py", 404, "not_found"),
        ("GET", "/apache/dogorcat.conf", 404, "not_found"),
        ("GET", "/api/v1/classify", 405, "method_not_allowed"),
        ("DELETE", "/api/v1/models", 405, "method_not_allowed"),
        ("POST", "/healthz", 405, "method_not_allowed"),
        ("PUT", "/", 405, "method_not_allowed"),
        ("GET", "/api/v1/models/nobody?size=1", 400, "invalid_request"),
        ("GET", "/api/v1/samples/nothing?size=1", 400, "invalid_request"),
        ("POST", "/api/v1/feedback?size=1", 400, "invalid_request"),
        ("GET", "/api/v1/random?subject=", 400, "invalid_request"),
        ("GET", "/api/v1/random?classify=7", 400, "invalid_request"),
    ],
)
def test_wrong_requests_are_problems(
    world: World, method: str, path: str, status: int, code: str
) -> None:
    answer = requests.request(method, world.service.url + path, timeout=TIMEOUT_S)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ("Allow" in answer.headers) == (status == 405)
