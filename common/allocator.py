"""What glibc is told so that memory which is free goes back to the system; elsewhere nothing."""

import ctypes
import sys
from typing import Any

LARGE_BYTES = 2**20
"""From here on a block is mapped by itself."""
KEPT_BYTES = 2 * 2**20
"""What each heap keeps when it is free: with less, every photo would ask for the same pages anew,
which took 0.6 ms of the 9 that a photo of 500×375 cost."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc


def return_large_blocks() -> bool:
    """Map each large block by itself from now on, in the whole process, and keep little else.

    Left alone it raises the size from which it does so up to 32 MB (mallopt(3), M_MMAP_THRESHOLD):
    pictures then come from the heap of the thread that reads them, and what hundreds of heaps have
    once held is never given back.

    Returns:
        whether it was told.
    """
    mallopt = _of_glibc("mallopt")
    return bool(
        mallopt
        and mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
        and mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)
    )


def return_free_memory() -> None:
    """Give back all that is free now, after much of it became so at once (malloc_trim(3))."""
    trim = _of_glibc("malloc_trim")
    if trim:
        trim(0)


def _of_glibc(name: str) -> Any:
    """A function of the C library; None where there is no such (musl, macOS, Windows)."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None
