"""A refused request is read to its end: who sent it is told, and the connection goes on."""

import http.client

import pytest

from support.running import PATIENCE_S, RunningService
from tests.api.conftest import World

LARGE = bytes(2**20)
"""More than gunicorn reads on by itself: 64 kB."""
CLASSIFY = "/api/v1/classify"
REFUSED = {
    "no such parameter": (400, "POST", f"{CLASSIFY}?size=9", {"Content-Type": "image/jpeg"}),
    "no such key": (401, "POST", CLASSIFY, {"X-API-Key": "guessed"}),
    "no such address": (404, "POST", "/api/v1/nothing", {}),
    "no such method": (405, "POST", "/healthz", {}),
    "no such kind": (415, "POST", CLASSIFY, {"Content-Type": "text/plain"}),
    "in chunks": (415, "POST", CLASSIFY, {"Transfer-Encoding": "chunked"}),
}


def goes_on(service: RunningService, method: str, path: str, headers: dict[str, str]) -> int:
    """The status of a refusal, after which the same connection answers once more."""
    connection = http.client.HTTPConnection(*service.address, timeout=PATIENCE_S)
    chunked = "Transfer-Encoding" in headers
    body = iter([LARGE]) if chunked else LARGE
    connection.request(method, path, body, headers, encode_chunked=chunked)
    with connection.getresponse() as refusal:
        refusal.read()
    kept = connection.sock
    connection.auto_open = 0
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    assert connection.sock is kept
    connection.close()
    return refusal.status


@pytest.mark.parametrize("name", REFUSED)
def test_the_connection_goes_on(world: World, name: str) -> None:
    status, method, path, headers = REFUSED[name]
    assert goes_on(world.service, method, path, headers) == status


def test_the_connection_goes_on_under_overload(full: RunningService) -> None:
    assert goes_on(full, "POST", CLASSIFY, {"Content-Type": "image/jpeg"}) == 503


def test_nobody_waits_for_ever_for_the_rest(world: World) -> None:
    connection = http.client.HTTPConnection(*world.service.address, timeout=PATIENCE_S)
    connection.putrequest("POST", "/api/v1/nothing")
    connection.putheader("Content-Length", "1000000")
    connection.endheaders(b"the rest never comes")
    assert connection.getresponse().status == 404
    connection.close()
