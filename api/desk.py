"""The desk: pictures that are there as a whole are answered by a clerk, several abreast.

A thread for each of them would cost more than it brings: they wait for one interpreter's lock, and
push each other's work out of the CPU's caches. So there is one clerk for each CPU, a thread of the
pool, who takes what waits, up to a cohort, and does each step for all of them before the next step:
all that Python does for a request takes two to three times as long right after inference, which
leaves nothing of it in the caches, so it is done for several at once (cohort scheduling: Larus and
Parkes 2002). Nobody waits for a cohort to fill.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue

from greenlet import getcurrent, greenlet

from api import metrics
from api.lane import Lane

CLASSIFY = "/api/v1/classify"
COHORT = 4
"""Requests that are answered abreast."""

_log = logging.getLogger(__name__)


class _Mine(threading.local):
    """Of each thread."""

    is_clerk = False
    hub: greenlet | None = None
    """What turns from request to request, in the thread of a clerk."""

    def __init__(self) -> None:
        self.late: list[greenlet] = []
        """Requests of the cohort that have to wait for something."""


class Desk:
    """A queue of requests and the clerks who answer them; thread-safe.

    Args:
        lane: in which each that waits here has a place.
        clerks: how many.
    """

    def __init__(self, lane: Lane, clerks: int) -> None:
        self._lane = lane
        self._clerks = clerks
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._new: list[Callable[[], None]] = []
        self._at_work: set[int] = set()
        self._free = threading.Event()
        self._pool: Executor | None = None
        self._mine = _Mine()

    def open(self, pool: Executor) -> None:
        """Take the clerks out of a pool of threads, which has to have more than those."""
        self._pool = pool
        for _ in range(self._clerks):
            pool.submit(self._attend)

    def close(self) -> None:
        """Let the clerks go, after what they have begun."""
        self._pool = None
        for _ in range(self._clerks):
            self._queue.put(None)

    @staticmethod
    def takes(method: str, path: str, content_type: str) -> bool:
        """Whether such a request belongs here: an uploaded picture. A link has to be fetched."""
        json = content_type.lower().startswith("application/json")
        return method == "POST" and path == CLASSIFY and not json

    def put(self, answer: Callable[[], None]) -> None:
        """Have a request answered; whoever calls this has seen that the lane is not full.

        The clerks see it after `flush`, so that what comes together is answered abreast.
        """
        self._lane.reserve()
        metrics.WAITING.inc()
        self._new.append(answer)

    def flush(self) -> None:
        """Let the clerks see what was put."""
        for answer in self._new:
            self._queue.put(answer)
        self._new.clear()

    def wait_for_clerk(self, seconds: float) -> None:
        """Wait, at most so long, until a clerk has nothing to do."""
        self._free.clear()
        if not self._queue.empty() or len(self._at_work) >= self._clerks:
            self._free.wait(seconds)

    def pause(self) -> None:
        """Between two steps of a request: let the others of its cohort come so far, too."""
        if self._mine.hub:
            self._mine.hub.switch()

    def leave(self) -> None:
        """Before a request waits for anything but a CPU: nobody is held up by it.

        Another thread takes the clerk's place, and the rest of the cohort goes first.
        """
        mine = self._mine
        if not mine.hub:
            return
        if mine.is_clerk:
            mine.is_clerk = False
            self._at_work.discard(threading.get_ident())
            if self._pool is not None:
                with suppress(RuntimeError):  # the pool was closed just now: the worker ends
                    self._pool.submit(self._attend)
        if getcurrent() not in mine.late:
            mine.late.append(getcurrent())
            mine.hub.switch()

    def _attend(self) -> None:
        mine = self._mine
        mine.is_clerk, mine.hub = True, getcurrent()
        try:
            while mine.is_clerk and (cohort := self._cohort()):
                self._at_work.add(threading.get_ident())
                with self._lane.served():
                    self._serve(cohort)
                self._at_work.discard(threading.get_ident())
                self._free.set()
        finally:
            mine.is_clerk, mine.hub = False, None

    def _cohort(self) -> list[Callable[[], None]]:
        """What waits, at least one and at most a cohort; nothing if the desk is closed."""
        cohort: list[Callable[[], None]] = []
        answer = self._queue.get()
        while answer is not None:
            metrics.WAITING.dec()
            cohort.append(answer)
            if len(cohort) == COHORT:
                return cohort
            try:
                answer = self._queue.get_nowait()
            except Empty:
                return cohort
        if cohort:
            self._queue.put(None)  # for the next look
        return cohort

    def _serve(self, cohort: list[Callable[[], None]]) -> None:
        mine = self._mine
        going = [greenlet(partial(self._answer, one)) for one in cohort]
        mine.late = []
        while going:
            for one in going:
                one.switch()
            going = [one for one in going if not one.dead and one not in mine.late]
        for one in mine.late:
            while not one.dead:
                one.switch()

    def _answer(self, answer: Callable[[], None]) -> None:
        try:
            answer()
        except Exception:  # it would end the clerk
            _log.exception("a request was not answered")
        finally:
            self._lane.give_back()
