"""How many bytes of bodies, sent or fetched, are in a worker's memory at the same time."""

import threading
from typing import IO

from flask import Flask, request

from api.context import current_request
from api.errors import Problem
from common.allocator import return_large_blocks


class MemoryBudget:
    """Bytes of bodies that a worker holds over all requests; thread-safe.

    Args:
        limit: bytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._lock = threading.Lock()

    def take(self, count: int) -> None:
        """Count bytes that have arrived.

        Raises:
            Problem: `overloaded`.
        """
        with self._lock:
            if self._held + count > self._limit:
                raise Problem("overloaded", "Too many pictures are on their way. Try again soon.")
            self._held += count

    def give_back(self, count: int) -> None:
        """Forget bytes that were taken."""
        with self._lock:
            self._held -= count


class RequestBudget:
    """What one request holds of a worker's budget; thread-safe."""

    def __init__(self, worker: MemoryBudget) -> None:
        self._worker = worker
        self._held = 0
        self._lock = threading.Lock()
        self.received = 0
        """Bytes of the request's own body that have been read so far."""

    def take(self, count: int) -> None:
        """Count bytes that have arrived; a negative number gives some back.

        Raises:
            Problem: `overloaded`.
        """
        if count < 0:
            self.give_back(-count)
            return
        self._worker.take(count)
        with self._lock:
            self._held += count

    def give_back(self, count: int | None = None) -> None:
        """Forget bytes that are no longer held; all of them if left out."""
        with self._lock:
            count = self._held if count is None else min(count, self._held)
            self._held -= count
        self._worker.give_back(count)


class CountedInput:
    """The body of a request (`wsgi.input`), counted as it is read."""

    def __init__(self, stream: IO[bytes], budget: RequestBudget) -> None:
        self._stream = stream
        self._budget = budget

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._budget.received += len(data)
        self._budget.take(len(data))
        return data


def register(app: Flask) -> None:
    """Count the bodies of the requests of `app`."""
    return_large_blocks()

    @app.before_request
    def count_body() -> None:
        environ = request.environ
        environ["wsgi.input"] = CountedInput(environ["wsgi.input"], current_request().budget)
