"""What a command uses of the machine: its memory, given back after long steps, and its seconds."""

import gc
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.allocator import return_free_memory

_STATUS = Path("/proc/self/status")
_OFTEN = 500, 1, 1
"""New objects after which Python looks for garbage, and looks among which it goes through what has
lived longer (`gc.set_threshold`); by default 700 to 2,000, 10 and 10."""


def give_back() -> None:
    """Return to the system what a long step has left behind.

    Graphs refer to themselves, so Python frees them late, and glibc keeps what was freed.
    """
    gc.collect()
    return_free_memory()


@contextmanager
def tidied_up() -> Iterator[None]:
    """Inside, what refers to itself is freed soon; what is there already is not looked at again.

    Python puts off looking at what has lived for a while until that has grown by a quarter, and
    TensorFlow is so large that copies of a graph then lie about by the dozen.
    """
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.collect()  # from now on a quarter of what comes is little
    gc.set_threshold(*_OFTEN)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
        give_back()


def peak_bytes() -> int:
    """The most memory that this process has had at once, in bytes.

    On Linux that of its own program: `getrusage` counts in the process that started it.
    """
    if _STATUS.is_file():
        fields = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )


def used() -> str:
    """Processor seconds and memory so far, for a person to read."""
    return (
        f"{time.process_time():.0f} processor seconds,"
        f" {peak_bytes() / 1e9:.2f} GB of memory at the peak"
    )
