"""Holds the state of one request: its deadline, its memory, and what has been done for it."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import IO

from limits import RateLimitItem

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


class MemoryBudget:
    """Bytes of bodies, sent or fetched, that a worker holds over all requests; thread-safe.

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


@dataclass(slots=True)
class Stage:
    """How long a stage of the work on a picture took; 0 until it has ended."""

    seconds: float = 0.0

    @property
    def ms(self) -> float:
        return round(self.seconds * 1000, 2)


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """How a client stands with the tightest of its limits."""

    limit: RateLimitItem
    allowed: bool
    remaining: int
    reset: float
    """Seconds since the epoch."""


@dataclass(slots=True)
class RequestContext:
    """One request. The lists are only appended to, so the threads of a batch need no lock."""

    id: str
    """The request's `X-Request-Id`."""
    deadline: Deadline
    """When it is given up."""
    budget: RequestBudget
    """The bytes it holds of a worker's memory for bodies."""
    began: float = field(default_factory=time.perf_counter)
    """When it reached the application, in seconds of `time.perf_counter`."""
    rate_limit: RateLimitStatus | None = None
    """How its client stands with the rate limit; None if the request is not counted."""
    at_end: ExitStack = field(default_factory=ExitStack)
    """What is given back when the request ends."""
    stages: list[tuple[str, float]] = field(default_factory=list)
    """(stage, seconds) of the work on its pictures."""
    verdicts: list[tuple[str, str]] = field(default_factory=list)
    """(model, label) of each picture."""

    @contextmanager
    def stage(self, name: str) -> Iterator[Stage]:
        """Time a stage, whether it succeeds or not."""
        began, stage = time.perf_counter(), Stage()
        try:
            yield stage
        finally:
            stage.seconds = time.perf_counter() - began
            self.stages.append((name, stage.seconds))


_current: ContextVar[RequestContext | None] = ContextVar("request", default=None)


def begin_request(context: RequestContext) -> None:
    """Make `context` the request that this thread answers."""
    _current.set(context)


def current_request() -> RequestContext:
    """The request that this thread answers.

    Raises:
        LookupError: it answers none.
    """
    context = _current.get()
    if context is None:
        raise LookupError("no request is being answered here")
    return context


def end_request() -> bool:
    """Leave the request and give back what it holds; returns whether there was one."""
    context = _current.get()
    if context is None:
        return False
    _current.set(None)
    context.at_end.close()
    context.budget.give_back()
    return True
