"""How long a request may take, and how many may be computed or wait at the same time."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from api.problems import Problem


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


class Lane:
    """Decoding and inference, a few at a time: more than there are CPUs only slows all of them.

    Args:
        width: how many may compute at the same time.
        waiting: how many may wait for it; one more is `overloaded` at once.
    """

    def __init__(self, width: int, waiting: int) -> None:
        self._free = threading.Semaphore(width)
        self._places = threading.BoundedSemaphore(width + waiting)

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place among those who compute or wait.

        Raises:
            Problem: `overloaded`, immediately.
        """
        if not self._places.acquire(blocking=False):
            raise Problem("overloaded", "Too many pictures are waiting. Try again in a moment.")
        try:
            yield
        finally:
            self._places.release()

    @contextmanager
    def turn(self, deadline: Deadline) -> Iterator[None]:
        """Wait for a CPU, but not longer than anyone waits for the answer.

        Raises:
            Problem: `deadline_exceeded`.
        """
        if not self._free.acquire(timeout=deadline.remaining()):
            raise deadline.exceeded()
        try:
            yield
        finally:
            self._free.release()
