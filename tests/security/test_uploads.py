"""Hostile uploads against the real service: one clear answer each, and nobody else notices."""

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from support.colour_model import write_colour_model
from support.hostile_bodies import BODIES, BOUNDARY, MEGABYTE, PICTURE, form, part
from support.hostile_pictures import HOSTILE, OK, OTHER_KINDS, TOO_LARGE, UNREADABLE, UNSUPPORTED
from support.running import RunningService, running_service, wait_until
from support.shared import SHARED, needs_shared

PATIENCE_S = 300
REQUEST_TIMEOUT_S = 5
"""Of the service that gives slow uploads up."""
STATUS = {OK: 200, UNREADABLE: 422, TOO_LARGE: 413, UNSUPPORTED: 415}
CODE = {413: "image_too_large", 415: "unsupported_media_type", 422: "image_unreadable"}


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the service would put temporary files."""
    return tmp_path_factory.mktemp("temporary")


@contextlib.contextmanager
def small_service(folder: Path, **settings: object) -> Iterator[RunningService]:
    """With one worker and the colour model."""
    write_colour_model(folder / "models" / "cat_dog")
    with running_service(
        folder,
        MODEL_DIR=folder / "models",
        WEB_CONCURRENCY=1,
        RUNTIME_DIR=folder / "runtime",
        **settings,
    ) as running:
        yield running
        assert "Traceback" not in running.output()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, temporary: Path) -> Iterator[RunningService]:
    folder = tmp_path_factory.mktemp("uploads")
    with small_service(folder, TMPDIR=temporary, REQUEST_TIMEOUT_S=PATIENCE_S) as running:
        yield running


def classify(service: RunningService, data: bytes, kind: str = "image/jpeg") -> requests.Response:
    return requests.post(
        f"{service.url}/api/v1/classify",
        data=data,
        headers={"Content-Type": kind},
        timeout=PATIENCE_S,
    )


def checked(answer: requests.Response) -> int:
    """The status, of an answer that is a result or a problem as they should be."""
    body = answer.json()
    if answer.status_code == 200:
        assert body["verdict"]
    else:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert body["status"] == answer.status_code
        assert body["detail"]
    return answer.status_code


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pictures(service: RunningService, name: str) -> None:
    make, expected = HOSTILE[name]
    data = make()
    if name == "empty":
        assert checked(classify(service, data)) == 400
        return
    raw = classify(service, data)
    form = requests.post(
        f"{service.url}/api/v1/classify", files={"image": ("x.jpg", data)}, timeout=PATIENCE_S
    )
    assert checked(raw) == checked(form)
    assert raw.status_code in {STATUS[one] for one in expected}
    if raw.status_code != 200:
        assert raw.json()["code"] == CODE[raw.status_code]


@pytest.mark.parametrize("name", OTHER_KINDS)
def test_other_kinds(service: RunningService, name: str) -> None:
    make, kind = OTHER_KINDS[name]
    answer = classify(service, make())
    assert checked(answer) == 415
    assert kind in answer.json()["detail"]


@needs_shared
def test_awkward_files(service: RunningService) -> None:
    for path in sorted((SHARED / "data" / "awkward").iterdir()):
        answer = requests.post(
            f"{service.url}/api/v1/classify",
            params={"preview": "true"},
            data=path.read_bytes(),
            headers={"Content-Type": "image/jpeg"},
            timeout=PATIENCE_S,
        )
        assert checked(answer) in {200, 413, 415, 422}, path.name


@pytest.mark.parametrize("name", BODIES)
def test_bodies(service: RunningService, name: str) -> None:
    kind, body, expected = BODIES[name]
    answer = classify(service, body, kind)
    assert answer.status_code in expected, answer.text
    if answer.status_code != 431:  # gunicorn's own, before there is a request
        checked(answer)


def connect(service: RunningService) -> socket.socket:
    port = int(service.url.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def head(*lines: str) -> bytes:
    first = ("POST /api/v1/classify HTTP/1.1", "Host: x", "Content-Type: image/jpeg")
    return "\r\n".join([*first, *lines, "", ""]).encode()


def read_all(sock: socket.socket) -> bytes:
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while block := sock.recv(65536):
            data += block
    return data


@dataclass(frozen=True)
class Raw:
    status: int
    body: bytes

    @classmethod
    def of(cls, data: bytes) -> "Raw":
        assert data, "the connection was closed without an answer"
        beginning, _, body = data.partition(b"\r\n\r\n")
        return cls(int(beginning.split(b" ")[1]), body)


def test_a_proxy_can_send_all_of_a_refused_upload(service: RunningService) -> None:
    """It reads the answer only after the whole body is sent, as Apache's mod_proxy_http does."""
    size = 30 * MEGABYTE
    with connect(service) as sock:
        sock.sendall(head(f"Content-Length: {size}"))
        block = bytes(MEGABYTE)
        for _ in range(size // len(block)):
            sock.sendall(block)
        sock.shutdown(socket.SHUT_WR)
        answer = Raw.of(read_all(sock))
    assert answer.status == 413
    assert json.loads(answer.body)["code"] == "image_too_large"


def test_a_body_in_chunks_is_limited_too(service: RunningService) -> None:
    with connect(service) as sock:
        sock.sendall(head("Transfer-Encoding: chunked"))
        for _ in range(12):
            sock.sendall(b"100000\r\n" + bytes(MEGABYTE) + b"\r\n")
        sock.sendall(b"0\r\n\r\n")
        sock.shutdown(socket.SHUT_WR)
        answer = Raw.of(read_all(sock))
    assert answer.status == 413
    assert json.loads(answer.body)["code"] == "image_too_large"


def test_a_picture_in_chunks(service: RunningService) -> None:
    def chunks() -> Iterator[bytes]:
        for i in range(0, len(PICTURE), 100):
            yield PICTURE[i : i + 100]

    answer = requests.post(
        f"{service.url}/api/v1/classify",
        data=chunks(),
        headers={"Content-Type": "image/jpeg"},
        timeout=PATIENCE_S,
    )
    assert checked(answer) == 200


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: -5"],
        ["Content-Length: ten"],
        ["Content-Length: 99999999999999999999"],
        ["Content-Length: 5", "Content-Length: 500"],
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: gzip, chunked"],
        ["Transfer-Encoding: chunked, identity"],
    ],
)
def test_lengths_that_lie(service: RunningService, lines: list[str]) -> None:
    with connect(service) as sock:
        sock.sendall(head(*lines) + b"0\r\n\r\n")
        sock.shutdown(socket.SHUT_WR)
        data = read_all(sock)
    if data:  # gunicorn may just close
        assert 400 <= Raw.of(data).status < 600
        assert Raw.of(data).status != 500


def test_an_upload_that_breaks_off(service: RunningService) -> None:
    with connect(service) as sock:
        sock.sendall(head("Content-Length: 5000") + PICTURE[:100])
        sock.shutdown(socket.SHUT_WR)
        data = read_all(sock)
    assert not data or 400 <= Raw.of(data).status < 500
    assert checked(classify(service, PICTURE)) == 200


def test_slow_uploads_block_nobody_and_end(tmp_path: Path) -> None:
    """Fifty bodies of one byte every 0.1 s; an ordinary request passes, and each gets an answer."""
    with small_service(tmp_path, REQUEST_TIMEOUT_S=REQUEST_TIMEOUT_S) as hasty:
        drip_uploads(hasty)


def drip_uploads(service: RunningService) -> None:
    sockets = [connect(service) for _ in range(50)]
    done = threading.Event()

    def drip() -> None:
        while not done.wait(0.1):
            for sock in sockets:
                with contextlib.suppress(OSError):
                    sock.send(b"x")

    dripping = threading.Thread(target=drip)
    try:
        for sock in sockets:
            sock.sendall(head("Content-Length: 100000"))
        dripping.start()
        for _ in range(5):  # a busy machine may need more than its limit
            wait_until(lambda: checked(classify(service, PICTURE)) == 200)
        for sock in sockets:
            assert Raw.of(read_all(sock)).status == 504
    finally:
        done.set()
        dripping.join()
        for sock in sockets:
            sock.close()


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in found.split()]


def test_nothing_of_a_picture_is_written_or_logged(
    service: RunningService, temporary: Path
) -> None:
    data = PICTURE + bytes(9 * MEGABYTE)
    body = form(part("image", data, '; filename="my-secret-name.jpg"'))
    with connect(service) as sock:
        sock.sendall(head(f"Content-Length: {len(body)}").replace(b"image/jpeg", BOUNDARY.encode()))
        sock.sendall(body[:-1000])
        time.sleep(0.5)
        opened = [
            os.readlink(link)
            for pid in children(service.process.pid)
            for link in Path(f"/proc/{pid}/fd").iterdir()
            if link.is_symlink()
        ]
        sock.sendall(body[-1000:])
        sock.shutdown(socket.SHUT_WR)
        assert Raw.of(read_all(sock)).status == 200
    assert opened
    assert [name for name in opened if str(temporary) in name] == []
    # gunicorn's own sign of life is the one file without a name that is open.
    nameless = [name for name in opened if "(deleted)" in name and "/wgunicorn-" not in name]
    assert nameless == []
    assert list(temporary.iterdir()) == []
    assert "my-secret-name" not in service.output()
