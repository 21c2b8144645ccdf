"""How many pictures may be computed at the same time, and how many may wait for that."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from api.deadline import Deadline
from api.errors import Problem
from api.telemetry import metrics


class _Mine(threading.local):
    """Of each thread."""

    is_served = False


class Lane:
    """Decoding and inference, a few at a time: more than there are CPUs only slows all of them.

    Args:
        width: how many may compute at the same time.
        waiting: how many may wait for it; one more is `overloaded` at once.
    """

    def __init__(self, width: int, waiting: int) -> None:
        self._free = width
        self._places = width + waiting
        self._queue: deque[threading.Lock] = deque()
        self._lock = threading.Lock()
        self._mine = _Mine()

    @property
    def full(self) -> bool:
        """Whether all places are taken, and this thread needs one.

        To be asked before anything is read of a request: who cannot be served is told so cheaply.
        """
        return self._places <= 0 and not self._mine.is_served

    @staticmethod
    def overloaded() -> Problem:
        """The problem to raise when all places are taken."""
        return Problem("overloaded", "Too many pictures are waiting. Try again in a moment.")

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place among those who compute or wait.

        Raises:
            Problem: `overloaded`, immediately.
        """
        if self._mine.is_served:
            yield
            return
        with self._lock:
            if self.full:
                raise self.overloaded()
            self._places -= 1
        try:
            yield
        finally:
            with self._lock:
                self._places += 1

    def reserve(self) -> None:
        """Take a place, full or not, for a request that will be answered while `served`."""
        with self._lock:
            self._places -= 1

    @contextmanager
    def served(self, count: int) -> Iterator[None]:
        """This thread has a CPU for all that it does, and so many places, which it gives back."""
        self._mine.is_served = True
        try:
            yield
        finally:
            self._mine.is_served = False
            with self._lock:
                self._places += count

    def wait(self, deadline: Deadline) -> None:
        """Wait for a CPU, but not longer than anyone waits for the answer; `go` gives it back.

        Who came first is first: a semaphore of the standard library lets the lucky ones pass.

        Raises:
            Problem: `deadline_exceeded`.
        """
        if self._mine.is_served:
            return
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._queue.append(turn)
        with metrics.WAITING.track_inprogress():
            came = turn.acquire(timeout=deadline.remaining())
        if came:
            return
        with self._lock:
            if turn in self._queue:
                self._queue.remove(turn)
                raise deadline.exceeded()
        # It was given just now.

    def go(self) -> None:
        """Give the CPU to the next who waits."""
        if self._mine.is_served:
            return
        with self._lock:
            if self._queue:
                self._queue.popleft().release()
            else:
                self._free += 1
