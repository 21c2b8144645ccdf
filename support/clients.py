"""Threads that act as clients of a service."""

import contextlib
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def side_by_side(ask: Callable[[int], None], clients: int, over: threading.Event) -> Iterator[None]:
    """Threads that each run `ask` with a number of their own; `over` tells them when to end."""
    threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
