"""Requests that arrive at the same moment, each on a connection of its own."""

import http.client
import socket
from contextlib import ExitStack

from support.running import RunningService

PATIENCE_S = 120


def together(service: RunningService, requests: list[bytes]) -> list[http.client.HTTPResponse]:
    """Send whole HTTP requests, the last byte of all at once; return their answers in order."""
    answers = []
    with ExitStack() as stack:
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
