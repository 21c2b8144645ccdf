"""Apache in front of the service keeps slow clients away from it, and passes its refusals on."""

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest
import requests

from support.colour_model import write_colour_model
from support.full_service import full_service
from support.running import RunningService, running_service, wait_until
from tests.web.site import APACHE, RED, apache, solid

pytestmark = pytest.mark.skipif(not APACHE, reason="no apache2 on this machine")

TIMEOUT_S = 60
THREADS = 8
"""Of the one worker: fewer than there are slow clients."""
SLOW = 24
LARGE = solid(RED) + bytes(2 * 2**20)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    folder = tmp_path_factory.mktemp("slow")
    write_colour_model(folder / "models" / "cat_dog")
    settings = {"MODEL_DIR": folder / "models", "WEB_CONCURRENCY": 1, "THREADS": THREADS}
    with running_service(folder, TRUSTED_PROXIES=1, **settings) as service:
        yield service
        assert "Traceback" not in service.output()


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site before a service that refuses every picture."""
    folder = tmp_path_factory.mktemp("full")
    write_colour_model(folder / "models" / "cat_dog")
    with (
        full_service(folder, MODEL_DIR=folder / "models", TRUSTED_PROXIES=1) as service,
        apache(service.url) as url,
    ):
        yield url


@contextlib.contextmanager
def clients(url: str, number: int, first: bytes) -> Iterator[list[socket.socket]]:
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    with contextlib.ExitStack() as stack:
        found = []
        for _ in range(number):
            client = stack.enter_context(socket.create_connection((host, int(port)), TIMEOUT_S))
            client.sendall(first)
            found.append(client)
        yield found


HEAD = (
    b"POST /api/v1/classify HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\n"
    b"Content-Length: 100000\r\n\r\n"
)


@pytest.mark.parametrize("first", [b"", HEAD[:-4]], ids=["nothing", "half a head"])
def test_more_slow_heads_than_threads_hold_nobody_up(service: RunningService, first: bytes) -> None:
    with apache(service.url) as url, clients(url, SLOW, first):
        for _ in range(3):
            assert requests.get(f"{url}api/v1/models", timeout=TIMEOUT_S).ok


@pytest.mark.parametrize("dripping", [False, True], ids=["silent", "dripping"])
def test_slow_bodies_are_cut_off_by_their_rate(service: RunningService, dripping: bool) -> None:
    """As many as hold every thread: the service answers again as soon as Apache has let go."""
    with (
        apache(service.url, READING="header=2 body=2,MinRate=1000") as url,
        clients(url, THREADS, HEAD + b"slowly") as slow,
    ):
        end = time.monotonic() + TIMEOUT_S
        for client in slow:
            client.settimeout(0.2 if dripping else TIMEOUT_S)
            answer = b""
            while not answer:
                assert time.monotonic() < end
                try:
                    answer = client.recv(4096)
                except TimeoutError:
                    for other in slow:
                        with contextlib.suppress(OSError):
                            other.sendall(b"x")
            assert answer.startswith(b"HTTP/1.1 408 ")
        reply = requests.post(
            f"{url}api/v1/classify", files={"image": solid(RED)}, timeout=TIMEOUT_S
        )
        assert reply.ok


REFUSED = {
    "overloaded": (503, {}, ""),
    "a wrong key": (401, {"X-API-Key": "guessed"}, ""),
    "a wrong parameter": (400, {}, "?size=9"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_upload_is_told_why(full: str, service: RunningService, name: str) -> None:
    """Not 502, which Apache says when the service closes the connection during an upload."""
    status, headers, query = REFUSED[name]
    with apache(service.url) as open_site, requests.Session() as session:
        url = full if name == "overloaded" else open_site
        for _ in range(20):
            reply = session.post(
                f"{url}api/v1/classify{query}",
                data=LARGE,
                headers={"Content-Type": "image/jpeg"} | headers,
                timeout=TIMEOUT_S,
            )
            assert reply.status_code == status, reply.text
            assert reply.headers["Content-Type"] == "application/problem+json"
            assert ("Retry-After" in reply.headers) == (status == 503)
            assert "request_id" in reply.json(), "the service's own answer"


def test_who_does_not_read_the_answer_holds_nobody_up(service: RunningService) -> None:
    photo = solid(RED)
    request = (
        b"POST /api/v1/classify?preview=true HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\n"
        b"Content-Length: %d\r\n\r\n" % len(photo)
    ) + photo
    with apache(service.url) as url, clients(url, SLOW, request):
        # At first all that may be in flight are, and one more is told to come back.
        wait_until(lambda: requests.get(f"{url}api/v1/models", timeout=TIMEOUT_S).ok)
