"""What is known of a request while it is answered: one object, in one context variable."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # these modules need this one
    from api.deadline import Deadline
    from api.memory_budget import RequestBudget
    from api.ratelimit.limiter import Status


@dataclass(slots=True)
class RequestContext:
    """One request. The lists are only appended to, so the threads of a batch need no lock."""

    id: str
    """The request's `X-Request-Id`."""
    began: float
    """When it reached the application, in seconds of `time.perf_counter`."""
    deadline: "Deadline"
    """When it is given up."""
    budget: "RequestBudget"
    """The bytes it holds of a worker's memory for bodies, sent or fetched."""
    rate_limit: "Status | None" = None
    """How its client stands with the rate limit; None if the request is not counted."""
    is_in_flight: bool = False
    """Whether it counts among the requests that a worker answers at the same time."""
    stages: list[tuple[str, float]] = field(default_factory=list)
    """(stage, seconds) of the work on its pictures."""
    verdicts: list[tuple[str, str]] = field(default_factory=list)
    """(model, label) of each picture."""


_current: ContextVar[RequestContext | None] = ContextVar("request", default=None)


def begin_request(context: RequestContext) -> None:
    """Make `context` the current one of this thread."""
    _current.set(context)


def end_request() -> RequestContext | None:
    """Leave the current request; returns what was known of it, None if there was none."""
    context = _current.get()
    _current.set(None)
    return context


def current_request() -> RequestContext:
    """The request that this thread answers.

    Raises:
        LookupError: it answers none.
    """
    context = _current.get()
    if context is None:
        raise LookupError("no request is being answered here")
    return context


def current_request_or_none() -> RequestContext | None:
    """The request that this thread answers, if there is one."""
    return _current.get()
