"""Pictures in JSON, and bodies whose type says nothing or the wrong thing."""

import base64
import contextlib
import http.client
import json

import pytest

from tests.api.conftest import BLUE, RED, World

TIMEOUT_S = 30
JSON = "application/json"
B64 = base64.b64encode(RED).decode()


def send(world: World, kind: str | None, body: bytes, **headers: str) -> tuple[int, dict[str, str]]:
    connection = http.client.HTTPConnection(*world.service.address, timeout=TIMEOUT_S)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if kind is not None:
        named["Content-Type"] = kind
    with contextlib.closing(connection):
        connection.request("POST", "/api/v1/classify", body, named)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def image(text: str) -> bytes:
    return json.dumps({"image": text}).encode()


@pytest.mark.parametrize(
    "text",
    [
        B64,
        B64.rstrip("="),
        base64.urlsafe_b64encode(RED).decode(),
        base64.encodebytes(RED).decode(),
        f"  {B64}\n",
        f"data:image/jpeg;base64,{B64}",
        f"data:;base64,{B64}",
        f"DATA:image/png;name=a.jpg;BASE64,{B64}",
        "data:image/jpeg;base64," + B64.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
        "data:image/jpeg," + "".join(f"%{byte:02x}" for byte in RED),
    ],
    ids=["plain", "unpadded", "URL-safe", "lines", "blanks", "data", "no type", "capitals",
         "escaped", "percent"],
)  # fmt: skip
def test_a_picture_in_json(world: World, text: str) -> None:
    status, result = send(world, JSON, image(text))
    assert (status, result["verdict"]) == (200, "cat")


@pytest.mark.parametrize(
    ("body", "status", "code", "words"),
    [
        (image("not base64!"), 400, "invalid_request", "neither base64 nor"),
        (image("A"), 400, "invalid_request", "neither base64 nor"),
        (image("é" * 40), 400, "invalid_request", "neither base64 nor"),
        (image("data:image/jpeg;base64"), 400, "invalid_request", "comma"),
        (image("data:,"), 422, "image_unreadable", "empty"),
        (image("data:image/png;base64,"), 400, "invalid_request", "empty"),
        (image("   "), 400, "invalid_request", "empty"),
        (image(""), 400, "invalid_request", "'image' must not be empty"),
        (image("https://example.org/cat.jpg"), 400, "invalid_request", '{"url"'),
        (image(base64.b64encode(b"hello").decode()), 415, "unsupported_media_type", ""),
        (image(B64[:2000]), 422, "image_unreadable", ""),
        (
            image(base64.b64encode(RED + bytes(11 * 2**20)).decode()),
            413,
            "image_too_large",
            "10 MB",
        ),
        (b" " * 20 * 2**20, 413, "image_too_large", "MB"),
        (b'{"image": "x", "url": "y"}', 400, "invalid_request", "not both"),
        (b"{}", 400, "invalid_request", "`url` with a link, or `image`"),
        (b'{"image": null}', 400, "invalid_request", "`url` with a link, or `image`"),
        (b'{"image": 7}', 400, "invalid_request", "'image' must be text"),
        (b'{"file": "x"}', 400, "invalid_request", "image, url"),
    ],
)
def test_what_is_no_picture_in_json(
    world: World, body: bytes, status: int, code: str, words: str
) -> None:
    found, problem = send(world, JSON, body)
    assert (found, problem["code"]) == (status, code), problem
    assert words in problem["detail"]


@pytest.mark.parametrize(
    "kind",
    [None, "application/x-www-form-urlencoded",  # curl --data-binary
     "", "binary/octet-stream", "application/binary", "text/plain", "text/plain;charset=UTF-8",
     "application/unknown", "*/*", "jpeg"],
)  # fmt: skip
def test_a_picture_without_its_type_is_looked_at(world: World, kind: str | None) -> None:
    for picture, verdict in ((RED, "cat"), (BLUE, "dog")):
        status, result = send(world, kind, picture)
        assert (status, result["verdict"]) == (200, verdict)


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        (None, b"", "multipart/form-data"),
        (None, b"hello", "multipart/form-data"),
        ("application/x-www-form-urlencoded", b"url=https%3A%2F%2Fx.test", '{"url": …}'),
        ("application/x-www-form-urlencoded", b'{"url": "https://x.test"}', "looks like JSON"),
        ("text/json", b'{"url": "https://x.test"}', "looks like JSON"),
        ("multipart/mixed; boundary=XX", b"--XX\r\n\r\nx\r\n--XX--", "multipart/form-data"),
        (None, b"%PDF-1.7\n" + bytes(100), "PDF"),
    ],
)
def test_what_is_no_picture_is_told_so(
    world: World, kind: str | None, body: bytes, words: str
) -> None:
    status, problem = send(world, kind, body)
    assert (status, problem["code"]) == (415, "unsupported_media_type")
    assert words in problem["detail"]


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate", "br", "zstd"])
@pytest.mark.parametrize("kind", ["image/jpeg", JSON, "multipart/form-data; boundary=XX", None])
def test_a_compressed_body_is_told_so(world: World, coding: str, kind: str | None) -> None:
    status, problem = send(world, kind, RED, Content_Encoding=coding)
    assert (status, problem["code"]) == (415, "unsupported_media_type")
    assert f"Content-Encoding: {coding.lower()}" in problem["detail"]


@pytest.mark.parametrize("word", ["identity", "binary", "utf-8", "none", "base64", ""])
def test_words_that_are_no_coding_say_nothing(world: World, word: str) -> None:
    status, _ = send(world, "image/jpeg", RED, Content_Encoding=word)
    assert status == 200
