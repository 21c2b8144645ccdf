"""Several pictures at once: in order, and one bad one spoils nothing."""

import requests

from tests.api.conftest import BLUE, RED, World

TIMEOUT_S = 60


def batch(world: World, query: str = "", **kwargs: object) -> requests.Response:
    url = f"{world.service.url}/api/v1/classify/batch{query}"
    return requests.post(url, timeout=TIMEOUT_S, **kwargs)  # type: ignore[arg-type]


def summary(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [
        item["error"]["code"] if "error" in item else item["verdict"]
        for item in answer.json()["results"]
    ]


def test_uploads_in_order(world: World) -> None:
    files = [("image", data) for data in (RED, b"junk", BLUE, b"", RED[:900])]
    assert summary(batch(world, files=files)) == [
        "cat", "unsupported_media_type", "dog", "image_unreadable", "image_unreadable",
    ]  # fmt: skip


def test_addresses_in_order(world: World) -> None:
    urls = [world.address("red.jpg"), "http://10.0.0.1/", world.address("gone"), "hello"]
    assert summary(batch(world, json={"urls": urls})) == [
        "cat", "url_not_allowed", "fetch_failed", "invalid_request",
    ]  # fmt: skip


def test_as_many_as_allowed_of_one_host(world: World) -> None:
    answer = batch(world, json={"urls": [world.address("red.jpg")] * 32})
    assert summary(answer) == ["cat"] * 32


def test_a_picture_that_is_too_large_is_one_error(world: World) -> None:
    files = [("image", RED), ("image", bytes(11 * 2**20)), ("image", BLUE)]
    assert summary(batch(world, files=files)) == ["cat", "image_too_large", "dog"]


def test_options_count_for_all(world: World) -> None:
    files = [("image", RED), ("image", BLUE)]
    answer = batch(world, "?model=animals&top=1&explain=true", files=files)
    for result, label in zip(answer.json()["results"], ["lion", "whale"], strict=True):
        assert [scored["label"] for scored in result["predictions"]] == [label]
        assert result["heatmap"]


def test_what_spoils_all_of_them(world: World) -> None:
    url = world.address("red.jpg")
    for kwargs, query, status, code in [
        ({"json": {"urls": []}}, "", 400, "invalid_request"),
        ({"json": {"urls": [url] * 33}}, "", 400, "invalid_request"),
        ({"json": {"url": url}}, "", 400, "invalid_request"),
        ({"json": {"urls": [url]}}, "?model=nobody", 404, "model_not_found"),
        ({"files": [("image", RED)] * 33}, "", 400, "invalid_request"),
        ({"data": RED, "headers": {"Content-Type": "image/jpeg"}}, "", 415,
         "unsupported_media_type"),
        ({"files": [("image", bytes(9 * 2**20))] * 8}, "", 413, "image_too_large"),
    ]:  # fmt: skip
        answer = batch(world, query, **kwargs)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["code"]) == (status, code)
