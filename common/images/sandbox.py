"""Decodes risky pictures in a process that can be killed, started when the first one comes.

A thread cannot be stopped, so a decoder that does not end would occupy it for ever. The process is
a fresh Python (never a fork of one that holds an inference runtime), gets no secrets, and ends
after a minute without work, at exit, and when its parent ends.
"""

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
from dataclasses import astuple
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from common.errors import ImageTooLarge, ImageUnreadable
from common.images.region import WHOLE, Region
from common.images.render import Size
from common.images.sandbox_protocol import ERRORS, REPLY, REQUEST

_ROOT = Path(__file__).resolve().parent.parent.parent
IDLE_S = 60.0
"""Seconds without work after which the process ends."""
STUCK_S = 60.0
"""Seconds after which a process that waits instead of computing is killed."""
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "LANG", "SYSTEMROOT")


class Sandbox:
    """One process, for one picture at a time; others wait. Threads may share it.

    Args:
        limit_s: processor seconds after which the process is killed and the picture refused: the
            picture's own work, however busy the machine is.
        idle_s: seconds without work after which the process ends.
        stuck_s: seconds after which it is killed, whatever work it has done.
    """

    _lock: threading.Lock
    _process: "subprocess.Popen[bytes] | None"
    _idle: threading.Timer

    def __init__(self, limit_s: float, idle_s: float = IDLE_S, stuck_s: float = STUCK_S) -> None:
        self.limit_s = limit_s
        self.idle_s = idle_s
        self.stuck_s = stuck_s
        self._reset()
        atexit.register(self.stop)
        os.register_at_fork(after_in_child=self._reset)

    def render(
        self, data: bytes, size: Size, region: Region = WHOLE
    ) -> tuple[NDArray[np.uint8], tuple[int, int]]:
        """As `common.images.render.render`, of a file that was not inspected yet.

        Raises:
            ImageError: as `render`, and when the decoder crashes or needs too much time or memory.
        """
        with self._lock:
            self._idle.cancel()
            process = self._process = self._process or self._start()
            late = threading.Event()

            def stop() -> None:
                late.set()
                process.kill()

            timer = threading.Timer(self.stuck_s, stop)
            timer.daemon = True
            timer.start()
            try:
                return self._ask(process, data, size, region)
            except (OSError, EOFError) as error:
                self._end()
                if late.is_set() or process.returncode == -signal.SIGPROF:
                    raise ImageTooLarge("The picture takes too long to decode.") from error
                raise ImageUnreadable("The picture is damaged and cannot be read.") from error
            finally:
                timer.cancel()
                if self._process is not None:
                    self._idle = threading.Timer(self.idle_s, self.stop)
                    self._idle.daemon = True
                    self._idle.start()

    @property
    def pid(self) -> int | None:
        """Process id of the process that runs now; None if there is none."""
        process = self._process
        return None if process is None else process.pid

    def stop(self) -> None:
        """End the process; the next picture starts another."""
        with self._lock:
            self._idle.cancel()
            self._end()

    def _ask(
        self, process: "subprocess.Popen[bytes]", data: bytes, size: Size, region: Region
    ) -> tuple[NDArray[np.uint8], tuple[int, int]]:
        assert process.stdin is not None
        assert process.stdout is not None
        height, width = (0, size) if isinstance(size, int) else size
        process.stdin.write(REQUEST.pack(height, width, *astuple(region), len(data)))
        process.stdin.write(data)
        process.stdin.flush()
        kind, *numbers = REPLY.unpack(_read_exactly(process.stdout, REPLY.size))
        if kind:
            message = _read_exactly(process.stdout, min(numbers[0], 1000))
            raise ERRORS[min(kind, len(ERRORS)) - 1](message.decode(errors="replace"))
        rows, columns, *original = numbers
        if (rows, columns) != size and (height or max(rows, columns) > width):
            raise EOFError  # another size than asked for: the process may be under attack
        pixels = np.frombuffer(_read_exactly(process.stdout, rows * columns * 3), np.uint8)
        return pixels.reshape(rows, columns, 3), (original[0], original[1])

    def _start(self) -> "subprocess.Popen[bytes]":
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        return subprocess.Popen(
            [sys.executable, "-m", "common.images.sandbox_worker", str(self.limit_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env=environment | {"MALLOC_ARENA_MAX": "1", "OPENBLAS_NUM_THREADS": "1"},
        )

    def _end(self) -> None:
        process = self._process
        self._process = None
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):  # bytes that were not sent yet
                        pipe.close()
            process.wait()

    def _reset(self) -> None:
        """Forget the process; also in a forked child, since a pipe may have only one user."""
        self._lock = threading.Lock()
        self._process = None
        self._idle = threading.Timer(0, self.stop)  # not started


def _read_exactly(pipe: IO[bytes], length: int) -> bytes:
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return data
