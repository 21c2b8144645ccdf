"""Threads that act as clients of a service."""

import contextlib
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def side_by_side(ask: Callable[[int], None], clients: int, over: threading.Event) -> Iterator[None]:
    """Run `ask` in so many threads, with the thread's number; `over` tells them to end."""
    threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
