"""Before Ray's proxy: what it answers itself, and when it is asked again."""

import asyncio
from typing import Any

import pytest

from cluster import proxy_middleware

SCOPE = {"type": "http", "path": "/api/v1/classify", "headers": []}
UNKNOWN = (404, b"text/plain", b"Path '/' not found.")
OURS = (404, b"application/problem+json", b"ours")
ANSWER = (200, b"application/json", b"{}")


def asked(*answers: tuple[int, bytes, bytes]) -> tuple[int, bytes, int]:
    """The status and body that a client sees of a proxy that answers so, and how often it is asked.

    Its last answer is the one it stays with.
    """
    calls, sent = 0, list[dict[str, Any]]()

    async def proxy(scope: Any, receive: Any, send: Any) -> None:
        nonlocal calls
        status, kind, body = answers[min(calls, len(answers) - 1)]
        calls += 1
        headers = [(b"content-type", kind)]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(proxy_middleware.ProxyMiddleware(proxy)({**SCOPE}, None, send))
    start, body = sent
    return start["status"], body["body"], calls


def test_a_proxy_that_does_not_know_yet_is_asked_again() -> None:
    assert asked(UNKNOWN, UNKNOWN, ANSWER) == (200, b"{}", 3)


def test_one_that_never_knows_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy_middleware, "ROUTES_S", 0.2)
    status, body, calls = asked(UNKNOWN)
    assert (status, b"There is nothing at this address" in body) == (404, True)
    assert calls > 2


def test_what_the_application_does_not_know_is_answered_at_once() -> None:
    assert asked(OURS) == (404, b"ours", 1)
