"""Large blocks of memory go back to the system as soon as they are free."""

import ctypes
import sys

LARGE_BYTES = 2**20
_M_MMAP_THRESHOLD = -3  # malloc.h of glibc


def return_large_blocks() -> bool:
    """Tell glibc to map each large block by itself, for the whole process; elsewhere do nothing.

    Left alone it raises the size from which it does so up to 32 MB (mallopt(3), M_MMAP_THRESHOLD):
    pictures then come from the heap of the thread that reads them, and what hundreds of heaps have
    once held is never given back.

    Returns:
        whether it was told.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    return bool(mallopt and mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES))
