"""Bounds the memory that decoding takes in one process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from common.errors import ImageTooLarge


class MemoryLimit:
    """A number of bytes that all decoders of a process share; one that finds too few left waits.

    Args:
        total: bytes.
    """

    def __init__(self, total: int) -> None:
        self._total = self._free = total
        self._changed = threading.Condition()

    @contextmanager
    def reserve(self, size: int) -> Iterator[None]:
        """Hold `size` bytes for the block, after waiting until they are free.

        Args:
            size: bytes.

        Raises:
            ImageTooLarge: more than there are in all.
        """
        if size > self._total:
            raise ImageTooLarge(
                "The picture has more pixels than are accepted of its kind of file."
            )
        with self._changed:
            self._changed.wait_for(lambda: size <= self._free)
            self._free -= size
        try:
            yield
        finally:
            with self._changed:
                self._free += size
                self._changed.notify_all()
