"""How long a request may take, and how long its body may take to arrive."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from api.errors import Problem


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


@contextlib.contextmanager
def body_read_before(deadline: Deadline, environ: Mapping[str, Any]) -> Iterator[None]:
    """End reading of the request's body at the deadline, as if its client had gone.

    A socket's own time limit begins anew with every byte, so it does not stop a client that sends
    one byte at a time. Shutting the reading side down from another thread does.

    Args:
        deadline: until when the body may be read.
        environ: of the request (PEP 3333). A server that does not name the socket has to end slow
            bodies itself.
    """
    connection: socket.socket | None = environ.get("gunicorn.socket")
    if connection is None:
        yield
        return
    timer = threading.Timer(deadline.remaining(), _stop_reading, (connection,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _stop_reading(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it is closed already
        connection.shutdown(socket.SHUT_RD)
