"""A socket whose every read keeps one deadline and one budget, made for http.client."""

import io
import socket
import time
from typing import Any, NoReturn

from common.errors import FetchFailed, FetchTimeout

_BUFFER_BYTES = 65_536


class Deadline:
    """The one end of everything that a fetch does."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until the end, more than 0.

        Raises:
            FetchTimeout: there are none.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            self.expire()
        return left

    def expire(self) -> NoReturn:
        raise FetchTimeout("The other server took too long.")


class DeadlineSocket:
    """As much of a socket as http.client uses, every read within the deadline and the budget.

    A socket's own timeout starts anew with every byte, so a server that drips would never end it.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline, max_bytes: int) -> None:
        self._sock, self._deadline, self._max_bytes = sock, deadline, max_bytes

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(self._deadline.left())
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(
            _DeadlineReader(self._sock, self._deadline, self._max_bytes), buffer_size=_BUFFER_BYTES
        )

    def close(self) -> None:
        """Left to the fetch: http.client closes its socket before the body is read."""


class _DeadlineReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: Deadline, max_bytes: int) -> None:
        self._sock, self._deadline, self._left = sock, deadline, max_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._deadline.left())
        number = self._sock.recv_into(buffer)
        self._left -= number
        if self._left < 0:
            raise FetchFailed("The other server sends more than any picture needs.")
        return number
