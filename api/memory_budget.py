"""How much of what requests bring, sent or fetched, is in memory at the same time."""

import threading
from typing import IO

from flask import Flask, g, request

from api.errors import Problem
from api.settings import Settings
from common.allocator import return_large_blocks


class BodyMemory:
    """Bytes of bodies, sent or fetched, that a worker holds over all requests; thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._lock = threading.Lock()

    def take(self, count: int) -> None:
        """Count bytes that have arrived.

        Raises:
            Problem: `overloaded`.
        """
        with self._lock:
            if self._held + count > self._most:
                raise Problem("overloaded", "Too many pictures are on their way. Try again soon.")
            self._held += count

    def give_back(self, count: int) -> None:
        """Forget bytes that were taken."""
        with self._lock:
            self._held -= count


class Share:
    """What one request holds of a worker's memory for bodies; thread-safe."""

    def __init__(self, memory: BodyMemory) -> None:
        self._memory = memory
        self._held = 0
        self._lock = threading.Lock()

    def take(self, count: int) -> None:
        """Count bytes that have arrived.

        Raises:
            Problem: `overloaded`.
        """
        self._memory.take(count)
        with self._lock:
            self._held += count

    def give_back(self, count: int | None = None) -> None:
        """Forget bytes that are no longer held; all of them if left out."""
        with self._lock:
            count = self._held if count is None else min(count, self._held)
            self._held -= count
        self._memory.give_back(count)


class CountedInput:
    """The body of a request as it arrives, counted."""

    def __init__(self, stream: IO[bytes], share: Share) -> None:
        self._stream = stream
        self.count = 0
        self._share = share

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.count += len(data)
        self._share.take(len(data))
        return data


def register(app: Flask, settings: Settings) -> None:
    """Count what the requests of `app` bring."""
    return_large_blocks()
    memory = BodyMemory((settings.max_batch_mb + settings.max_upload_mb) * 2**20)

    @app.before_request
    def count() -> None:
        environ, share = request.environ, Share(memory)
        body = CountedInput(environ["wsgi.input"], share)
        environ["wsgi.input"] = body
        g.share, g.body = share, body

    @app.teardown_request
    def forget(error: BaseException | None) -> None:
        share = g.pop("share", None)
        if share is not None:
            share.give_back()


def fetched(count: int) -> None:
    """Count bytes that are fetched for the present request.

    Raises:
        Problem: `overloaded`.
    """
    g.share.take(count)


def done_with(count: int) -> None:
    """Forget bytes that were fetched for the present request, before it is answered."""
    g.share.give_back(count)
