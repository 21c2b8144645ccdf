"""Bounds how many pictures are computed at the same time, and how many may wait for that."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from api.context import Deadline
from api.errors import Problem
from api.telemetry import metrics


class ComputeQueue:
    """Decoding and inference, a few at a time: more than there are CPUs only slows all of them.

    A request is admitted once, and acquires a turn for each of its pictures. Turns are given first
    come, first served; `threading.Semaphore` does not promise that. Thread-safe.

    Args:
        width: pictures that are computed at the same time.
        waiting: admitted requests that may wait for a turn; one more is refused.
    """

    def __init__(self, width: int, waiting: int) -> None:
        self._turns = width
        self._places = width + waiting
        self._waiting: deque[threading.Lock] = deque()
        self._lock = threading.Lock()

    @property
    def is_full(self) -> bool:
        """Whether the next request would be refused."""
        return self._places <= 0

    @property
    def waiting(self) -> int:
        """Pictures that wait for a turn."""
        return len(self._waiting)

    @staticmethod
    def overloaded() -> Problem:
        """The problem of a request that is refused."""
        return Problem("overloaded", "Too many pictures are waiting. Try again in a moment.")

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Admit a request, for as long as this lasts.

        Raises:
            Problem: `overloaded`, immediately, when the queue is full.
        """
        with self._lock:
            if self.is_full:
                raise self.overloaded()
            self._places -= 1
        try:
            yield
        finally:
            with self._lock:
                self._places += 1

    def acquire(self, deadline: Deadline) -> None:
        """Wait for a turn to compute; `release` ends it.

        Raises:
            Problem: `deadline_exceeded`.
        """
        with self._lock:
            if self._turns:
                self._turns -= 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        with metrics.WAITING.track_inprogress():
            acquired = turn.acquire(timeout=deadline.remaining())
        if acquired:
            return
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
                raise deadline.exceeded()
        # It was released to this thread just as the time was over.

    def release(self) -> None:
        """End a turn: it goes to the picture that has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._turns += 1
