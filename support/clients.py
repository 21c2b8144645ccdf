"""Clients of a service: many at a time, or all at the same moment."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Iterator

from support.running import PATIENCE_S, RunningService


@contextlib.contextmanager
def side_by_side(ask: Callable[[int], None], clients: int, over: threading.Event) -> Iterator[None]:
    """Run `ask` in so many threads, with the thread's number; `over` tells them to end."""
    threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def together(service: RunningService, requests: list[bytes]) -> list[http.client.HTTPResponse]:
    """Send whole HTTP requests, each on a connection of its own, the last byte of all at once.

    Returns:
        their answers, in order.
    """
    answers = []
    with contextlib.ExitStack() as stack:
        clients = []
        for request in requests:
            client = stack.enter_context(socket.create_connection(service.address, PATIENCE_S))
            client.sendall(request[:-1])
            clients.append(client)
        for client, request in zip(clients, requests, strict=True):
            client.sendall(request[-1:])
        for client in clients:
            answer = http.client.HTTPResponse(client)
            answer.begin()
            answer.content = answer.read()  # type: ignore[attr-defined]
            answers.append(answer)
    return answers
