"""How long a request may take, and how long its body may take to arrive."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from api.errors import Problem

LOOK_S = 0.25
"""Seconds between two looks for bodies that are late."""


class Deadline:
    """The moment at which nobody waits for an answer any more."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, at least 0."""
        return max(self._end - time.monotonic(), 0.0)

    def check(self) -> None:
        """Raise the problem `deadline_exceeded` when the time is over."""
        if not self.remaining():
            raise self.exceeded()

    @staticmethod
    def exceeded() -> Problem:
        """The problem to raise when the time is over."""
        return Problem("deadline_exceeded", "The request took longer than is allowed here.")


class _BodyTimeouts:
    """Ends reading of bodies whose deadline is over; one thread looks at all of them."""

    def __init__(self) -> None:
        self._reading: dict[socket.socket, Deadline] = {}
        self._is_started = False
        self._lock = threading.Lock()

    def add(self, connection: socket.socket, deadline: Deadline) -> None:
        """Watch a connection until it is removed."""
        self._reading[connection] = deadline
        if not self._is_started:
            with self._lock:
                if not self._is_started:
                    self._is_started = True
                    threading.Thread(target=self._watch, name="bodies", daemon=True).start()

    def remove(self, connection: socket.socket) -> None:
        """The body has been read."""
        self._reading.pop(connection, None)

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_S)
            for connection, deadline in list(self._reading.items()):
                if not deadline.remaining():
                    with contextlib.suppress(OSError):  # it is closed already
                        connection.shutdown(socket.SHUT_RD)


_timeouts = _BodyTimeouts()


@contextlib.contextmanager
def body_read_before(deadline: Deadline, environ: Mapping[str, Any]) -> Iterator[None]:
    """End reading of the request's body at the deadline, as if its client had gone.

    A socket's own time limit begins anew with every byte, so it does not stop a client that sends
    one byte at a time. Shutting the reading side down from another thread does. A `threading.Timer`
    for each body would cost a twentieth of the CPU time of a picture.

    Args:
        deadline: until when the body may be read; it may be late by `LOOK_S`.
        environ: of the request (PEP 3333). A server that does not name the socket has to end slow
            bodies itself.
    """
    connection: socket.socket | None = environ.get("gunicorn.socket")
    if connection is None:
        yield
        return
    _timeouts.add(connection, deadline)
    try:
        yield
    finally:
        _timeouts.remove(connection)
