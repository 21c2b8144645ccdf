"""How many connections each worker has, so that new ones go to the worker with the fewest."""

import mmap

MOST_WORKERS = 256

# 1 + the connections of each worker, 0 where there is none: memory that all processes share, since
# the master imports this module before it forks.
_counts = memoryview(mmap.mmap(-1, 4 * MOST_WORKERS)).cast("i")


class Crowd:
    """The connections of one worker, and what it sees of the others'.

    Args:
        age: of the worker: they are numbered in the order of their start.
    """

    def __init__(self, age: int) -> None:
        self._place = age % MOST_WORKERS

    def tell(self, connections: int) -> None:
        """Let the others know how many this worker has."""
        _counts[self._place] = 1 + connections

    def leave(self) -> None:
        """This worker takes no more, or is no more."""
        _counts[self._place] = 0

    def is_larger(self, connections: int) -> bool:
        """Whether so many are more than another worker has; of many, a few more do not matter."""
        fewest = min(filter(None, _counts), default=1) - 1
        return connections > fewest + fewest // 8
