"""Clients that ask without a pause, and remember what became of each request."""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import requests

TIMEOUT_S = 60


@dataclass(frozen=True)
class Outcome:
    """One request, from its beginning to its end; times are of `time.monotonic`."""

    began: float
    ended: float
    answer: requests.Response | None
    """None where the connection broke."""

    @property
    def ok(self) -> bool:
        return self.answer is not None and self.answer.status_code == 200

    def __repr__(self) -> str:
        told = self.answer.text if self.answer is not None else "the connection broke"
        return f"<{self.began:.3f} to {self.ended:.3f}: {told}>"


@dataclass
class Load:
    """What the clients have seen so far."""

    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def lost(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if not outcome.ok]


def ask(url: str, picture: bytes) -> Outcome:
    """One request, on a connection of its own."""
    began = time.monotonic()
    answer = None
    with contextlib.suppress(requests.RequestException):
        answer = requests.post(
            f"{url}/api/v1/classify", files={"image": picture}, timeout=TIMEOUT_S
        )
    return Outcome(began, time.monotonic(), answer)


@contextlib.contextmanager
def load(url: str, picture: bytes, clients: int) -> Iterator[Load]:
    """So many clients, for as long as the block takes."""
    seen, over = Load(), threading.Event()

    def client() -> None:
        while not over.is_set():
            seen.outcomes.append(ask(url, picture))

    threads = [threading.Thread(target=client, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join()
