"""A socket for http.client whose reads share one deadline and one limit of bytes."""

import io
import re
import socket
import time
from typing import Any, NoReturn

from common.errors import FetchFailed, FetchTimeout

_BUFFER_BYTES = 65_536
# 1xx but for 101, after which the connection no longer speaks HTTP (RFC 9110, 15.2).
_INTERIM = re.compile(rb"HTTP/1\.\d +1(?!01)\d\d\b")


class Deadline:
    """The moment by which a fetch has to end, whatever it does."""

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
        """End the fetch because its time is up."""
        raise FetchTimeout("The other server took too long.")


class DeadlineSocket:
    """The part of a socket that http.client uses; every read keeps the deadline and the limit.

    A socket's own timeout starts again with every byte: a server that sends a byte now and then
    would never reach it.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline, max_bytes: int) -> None:
        self._sock, self._deadline, self._max_bytes = sock, deadline, max_bytes

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(self._deadline.left())
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        """What the server sends, from its final answer on.

        http.client skips interim answers of status 100 only, and takes 103 Early Hints for the
        final one.
        """
        raw = _DeadlineReader(self._sock, self._deadline, self._max_bytes)
        answers = io.BufferedReader(raw, buffer_size=_BUFFER_BYTES)
        status_line = answers.readline(_BUFFER_BYTES)
        while _INTERIM.match(status_line):
            while answers.readline(_BUFFER_BYTES) not in (b"\r\n", b"\n", b""):
                pass
            status_line = answers.readline(_BUFFER_BYTES)
        return io.BufferedReader(_After(status_line, answers), buffer_size=_BUFFER_BYTES)

    def close(self) -> None:
        """Do nothing: http.client would close the socket before the body is read."""


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


class _After(io.RawIOBase):
    """A stream with a line put back in front of it."""

    def __init__(self, line: bytes, rest: "io.BufferedReader[_DeadlineReader]") -> None:
        self._line, self._rest = line, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._line:
            return self._rest.readinto1(buffer)
        number = min(len(self._line), len(buffer))
        buffer[:number], self._line = self._line[:number], self._line[number:]
        return number
