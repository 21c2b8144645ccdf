"""The process behind `common.images.sandbox`: decodes the files it is sent until its input ends.

Run as `python -m common.images.sandbox_worker LIMIT_S`. Imports Pillow and numpy, never an
inference runtime; holds no secret, cannot write files, and is ended by SIGPROF when a picture takes
LIMIT_S of processor time.
"""

import resource
import signal
import sys
from typing import BinaryIO

from common.allocator import return_free_memory, return_large_blocks
from common.errors import ImageError
from common.images.inspect import inspect
from common.images.region import Region
from common.images.render import Size, memory, render
from common.images.sandbox_protocol import ERRORS, REPLY, REQUEST

FIXED_BYTES = 64_000_000
"""Memory for everything that does not grow with the picture."""


def main(limit_s: float) -> None:
    """Answer requests on standard input until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for the parent
    for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):  # no files, no core dump
        resource.setrlimit(kind, (0, 0))
    return_large_blocks()
    with open("/proc/self/statm", encoding="ascii") as file:
        idle = int(file.read().split()[0]) * resource.getpagesize()
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    while head := requests.read(REQUEST.size):
        height, width, *corner_and_size, length = REQUEST.unpack(head)
        signal.setitimer(signal.ITIMER_PROF, limit_s)
        data = requests.read(length)
        size = (height, width) if height else width
        _answer(data, size, Region(*corner_and_size), idle, replies)
        signal.setitimer(signal.ITIMER_PROF, 0)


def _answer(data: bytes, size: Size, region: Region, idle: int, replies: BinaryIO) -> None:
    try:
        header = inspect(data)
        needed = memory(header, size, region)
        return_free_memory()  # what earlier pictures have freed must not count against this one
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (idle + needed + FIXED_BYTES, most))
        pixels, original = render(header, size, region)
    except ImageError as error:
        message = str(error).encode()
        replies.write(REPLY.pack(1 + ERRORS.index(type(error)), len(message), 0, 0, 0) + message)
    else:
        replies.write(REPLY.pack(0, *pixels.shape[:2], *original))
        replies.write(pixels.tobytes())
    replies.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]))
