"""The other end of `common.decode_process`: decodes what it is sent until nobody sends any more.

Run as `python -m common.decode_worker LIMIT_S MEMORY`. Imports Pillow and numpy, never an
inference runtime; holds no secret, writes no file, and dies of itself when it takes too long.
"""

import math
import resource
import signal
import struct
import sys
from typing import BinaryIO

from common.errors import ImageError
from common.headers import inspect
from common.pixels import render

# What is asked: height and width (or 0 and the longest side), then the length of the file.
REQUEST = struct.Struct("<IIQ")
# What is answered: 0 and height, width, original width, original height, then the pixels; or the
# place of the error in ERRORS and the length of its message, then the message.
REPLY = struct.Struct("<BIIII")
ERRORS: tuple[type[ImageError], ...] = tuple(ImageError.__subclasses__())


def main(limit_s: float, memory: int) -> None:
    """Answer requests on standard input until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    _confine(memory)
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    while head := requests.read(REQUEST.size):
        signal.alarm(math.ceil(limit_s) + 1)  # should the parent be gone and not stop this
        _answer(REQUEST.unpack(head), requests, replies)
        signal.alarm(0)


def _answer(asked: tuple[int, int, int], requests: BinaryIO, replies: BinaryIO) -> None:
    height, width, length = asked
    data = requests.read(length)
    try:
        header = inspect(data)
        pixels, original = render(header, (height, width) if height else width)
    except ImageError as error:
        message = str(error).encode()
        replies.write(REPLY.pack(1 + ERRORS.index(type(error)), len(message), 0, 0, 0) + message)
    else:
        replies.write(REPLY.pack(0, *pixels.shape[:2], *original))
        replies.write(pixels.tobytes())
    replies.flush()


def _confine(memory: int) -> None:
    """No more memory than now and `memory` bytes, no files, no core dump."""
    with open("/proc/self/statm", encoding="ascii") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    for kind, most in (
        (resource.RLIMIT_AS, now + memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
