"""The desk: pictures that are there as a whole, and quick, are answered several abreast.

A thread for each of them would cost more than it brings: they wait for one interpreter's lock, and
push each other's work out of the CPU's caches. So the thread in which connections wait answers them
itself, a cohort at a time, and does each step for all of them before the next step: what Python
does for a request takes two to three times as long right after inference, which leaves nothing of
it in the caches, so it is done for several at once (cohort scheduling: Larus and Parkes 2002).
Nobody waits for a cohort to fill.
"""

from collections import deque
from collections.abc import Callable

from greenlet import getcurrent, greenlet

from api.compute_queue import Lane
from api.connection import Elsewhere
from api.telemetry import metrics

CLASSIFY = "/api/v1/classify"
COHORT = 4
"""Requests that are answered abreast."""


class Desk:
    """A queue of requests; all but `pause` and `leave` is for the thread that answers them.

    Args:
        lane: in which each that waits here has a place.
        is_open: whether anything is taken. One thread fills one CPU: a worker that has more of them
            leaves its pictures to threads.
    """

    def __init__(self, lane: Lane, is_open: bool) -> None:
        self._lane = lane
        self._is_open = is_open
        self._queue: deque[Callable[[], None]] = deque()
        self._hands: list[greenlet] = []

    def takes(self, method: str, path: str, content_type: str) -> bool:
        """Whether such a request belongs here: an uploaded picture. A link has to be fetched."""
        json = content_type.lower().startswith("application/json")
        return self._is_open and method == "POST" and path == CLASSIFY and not json

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._queue

    def put(self, answer: Callable[[], None]) -> None:
        """Have a request answered; whoever calls this has seen that the lane is not full.

        Args:
            answer: handles its own errors.
        """
        self._lane.reserve()
        metrics.WAITING.inc()
        self._queue.append(answer)

    def serve(self) -> None:
        """Answer what waits, at most a cohort."""
        count = min(len(self._queue), COHORT)
        if not count:
            return
        while len(self._hands) < count:
            self._hands.append(greenlet(self._answer_one_by_one))
        metrics.WAITING.dec(count)
        going = self._hands[:count]
        with self._lane.served(count):
            while going:
                going = [hand for hand in going if hand.switch()]

    def _answer_one_by_one(self) -> None:
        """What each greenlet does, for ever: to make one for each request takes longer."""
        while True:
            self._queue.popleft()()
            getcurrent().parent.switch(False)

    @staticmethod
    def is_here() -> bool:
        """Whether the present request is answered here, and takes no thread."""
        return getcurrent().parent is not None  # what `serve` made has one: that which serves

    def pause(self) -> None:
        """Between two steps of a request: let the others of its cohort come so far, too."""
        if self.is_here():
            getcurrent().parent.switch(True)

    def leave(self) -> None:
        """Before a request waits for anything, or takes long: nobody is held up by it.

        Raises:
            Elsewhere: if it is answered here; a thread is to answer it, from the beginning.
        """
        if self.is_here():
            raise Elsewhere
