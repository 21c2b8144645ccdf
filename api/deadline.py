"""How long a request may take: deadlines, and alarms that ring at them."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable

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


class Alarm:
    """Something that is done at a certain moment, unless it is cancelled before."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action: Callable[[], None] | None = action

    @property
    def is_cancelled(self) -> bool:
        """Whether there is nothing to do any more."""
        return self._action is None

    def cancel(self) -> None:
        """Forget it. An action that has begun is not stopped."""
        self._action = None

    def ring(self) -> None:
        """Do it, unless it was cancelled."""
        action, self._action = self._action, None
        if action is not None:
            action()


class Alarms:
    """All alarms of a process, rung by one thread: to start one for each costs more than to parse
    the request. Actions have to be short.
    """

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Alarm]] = []
        self._number = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def set(self, seconds: float, action: Callable[[], None]) -> Alarm:
        """Call `action` in so many seconds, from another thread."""
        alarm = Alarm(action)
        entry = (time.monotonic() + seconds, next(self._number), alarm)
        with self._changed:
            heapq.heappush(self._due, entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)
                self._thread.start()
            elif self._due[0] is entry:
                self._changed.notify()
        return alarm

    def _run(self) -> None:
        while True:
            self._next().ring()

    def _next(self) -> Alarm:
        """Wait for the first alarm. Cancelled ones stay until then: that is cheapest."""
        with self._changed:
            while True:
                while self._due and self._due[0][2].is_cancelled:
                    heapq.heappop(self._due)
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)


alarms = Alarms()
