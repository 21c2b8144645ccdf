"""Pictures in, results out: through the real gunicorn."""

import base64
import io

import pytest
import requests
from PIL import Image

from tests.api.conftest import BLUE, RED, World

TIMEOUT_S = 30


def classify(world: World, query: str = "", **kwargs: object) -> requests.Response:
    url = f"{world.service.url}/api/v1/classify{query}"
    return requests.post(url, timeout=TIMEOUT_S, **kwargs)  # type: ignore[arg-type]


def upload(data: bytes) -> dict[str, object]:
    return {"files": {"image": ("../../etc/passwd", data)}}


def test_an_upload_is_answered_in_full(world: World) -> None:
    answer = classify(world, **upload(RED))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    result = answer.json()
    timing = result.pop("timing_ms")
    assert list(timing) == ["fetch", "decode", "inference"]
    assert timing["fetch"] == 0
    assert timing["decode"] > 0
    scores = [scored.pop("score") for scored in result["predictions"]]
    assert sum(scores) == pytest.approx(1, abs=1e-5)
    assert scores == sorted(scores, reverse=True)
    assert 0.5 < result.pop("familiarity") <= 1
    assert result == {
        "verdict": "cat",
        "present": ["cat"],
        "predictions": [{"label": "cat"}, {"label": "dog"}],
        "model": {"name": "cat_dog", "version": "1"},
        "image": {"format": "JPEG", "width": 640, "height": 480, "bytes": len(RED)},
    }


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg", "application/octet-stream"])
def test_a_raw_body_counts_by_its_content(world: World, kind: str) -> None:
    result = classify(world, data=BLUE, headers={"Content-Type": kind}).json()
    assert (result["verdict"], result["image"]["format"]) == ("dog", "PNG")


def test_a_chunked_body_is_read(world: World) -> None:
    parts = (BLUE[i : i + 1000] for i in range(0, len(BLUE), 1000))
    result = classify(world, data=parts, headers={"Content-Type": "image/png"}).json()
    assert result["image"]["bytes"] == len(BLUE)


def test_an_address_is_fetched(world: World) -> None:
    result = classify(world, json={"url": world.address("red.jpg")}).json()
    assert result["verdict"] == "cat"
    assert result["timing_ms"]["fetch"] > 0


def test_extras_come_only_when_asked(world: World) -> None:
    result = classify(world, "?explain=true&preview=true", **upload(RED)).json()
    assert len(result["heatmap"]) == 7
    assert max(map(max, result["heatmap"])) == 1
    kind, data = result["preview"].split(",")
    assert kind == "data:image/jpeg;base64"
    preview = Image.open(io.BytesIO(base64.b64decode(data)))
    assert preview.size == (640, 480)
    assert not preview.getexif()


def test_models_are_chosen_by_name(world: World) -> None:
    result = classify(world, "?model=animals", **upload(BLUE)).json()
    assert result["verdict"] == "whale"
    assert result["model"] == {"name": "animals", "version": "2"}


def test_a_grey_picture_is_neither(world: World) -> None:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "grey").save(out, "WEBP")
    result = classify(world, **upload(out.getvalue())).json()
    assert (result["verdict"], result["present"]) == ("neither", [])


JSON = {"Content-Type": "application/json"}
IMAGE = {"Content-Type": "image/jpeg"}
PDF = b"%PDF-1.7\n" + bytes(100)
MISTAKES = {
    "no body": ({}, 415, "unsupported_media_type"),
    "an empty picture": ({"data": b"", "headers": IMAGE}, 400, "invalid_request"),
    "an empty file": (upload(b""), 422, "image_unreadable"),
    "not a picture": (upload(b"hello"), 415, "unsupported_media_type"),
    "half a picture": (upload(RED[: len(RED) // 2]), 422, "image_unreadable"),
    "a document": (upload(PDF), 415, "unsupported_media_type"),
    "a missing field": ({"files": {"photo": RED}}, 400, "invalid_request"),
    "text in the field": ({"files": {"image": (None, "x")}}, 400, "invalid_request"),
    "two pictures": ({"files": [("image", RED), ("image", BLUE)]}, 400, "invalid_request"),
    "one field too many": ({"files": {"image": RED}, "data": {"a": "b"}}, 400, "invalid_request"),
    "multipart without boundary": (
        {"data": b"x", "headers": {"Content-Type": "multipart/form-data"}},
        400,
        "invalid_request",
    ),
    "a form": ({"data": {"url": "http://x.test/"}}, 415, "unsupported_media_type"),
    "JSON that is none": ({"data": b"{", "headers": JSON}, 400, "invalid_request"),
    "JSON in another encoding": ({"data": b"\xff\xfe", "headers": JSON}, 400, "invalid_request"),
    "a JSON list": ({"json": []}, 400, "invalid_request"),
    "JSON without url": ({"json": {}}, 400, "invalid_request"),
    "url that is a number": ({"json": {"url": 7}}, 400, "invalid_request"),
    "an unknown member": ({"json": {"url": "http://x.test/", "a": 1}}, 400, "invalid_request"),
    "nested JSON": ({"data": b"[" * 60000, "headers": JSON}, 400, "invalid_request"),
    "huge JSON": ({"data": bytes(20 * 2**20), "headers": JSON}, 413, "image_too_large"),
    "a url that is none": ({"json": {"url": "hello"}}, 400, "invalid_request"),
    "another scheme": ({"json": {"url": "file:///etc/passwd"}}, 400, "invalid_request"),
    "a host that is not public": ({"json": {"url": "http://10.0.0.1/"}}, 400, "url_not_allowed"),
    "cloud metadata": ({"json": {"url": "http://169.254.169.254/"}}, 400, "url_not_allowed"),
    "a host that does not exist": (
        {"json": {"url": "http://no-such-host.invalid/"}},
        400,
        "url_not_allowed",
    ),
    "a large upload": (upload(bytes(40 * 2**20)), 413, "image_too_large"),
    "a large body": ({"data": bytes(11 * 2**20), "headers": IMAGE}, 413, "image_too_large"),
    "a large chunked body": (
        {"data": (bytes(2**20) for _ in range(12)), "headers": IMAGE},
        413,
        "image_too_large",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_answered_as_problems(world: World, name: str) -> None:
    kwargs, status, code = MISTAKES[name]
    answer = classify(world, **kwargs)  # type: ignore[arg-type]
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["status"]) == (status, code, status)
    assert problem["detail"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("page", 415, "unsupported_media_type"),
        ("broken", 502, "fetch_failed"),
        ("gone", 502, "fetch_failed"),
        ("large", 413, "image_too_large"),
    ],
)
def test_what_other_servers_answer(world: World, path: str, status: int, code: str) -> None:
    answer = classify(world, json={"url": world.address(path)})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("query", "status", "named"),
    [
        ("?model=nobody", 404, "cat_dog"),
        ("?explain=perhaps", 400, "explain"),
        ("?explian=true", 400, "explian"),
        ("?preview=true&preview=false", 400, "preview"),
    ],
)
def test_wrong_parameters_are_named(world: World, query: str, status: int, named: str) -> None:
    answer = classify(world, query, **upload(RED))
    assert answer.status_code == status
    assert named in answer.json()["detail"]


def test_the_service_has_not_stumbled(world: World) -> None:
    assert "Unforeseen error" not in world.service.output()
    assert "Traceback" not in world.service.output()
