"""gunicorn's threaded worker, with a better door: the thread in which all connections wait.

A request gets a thread when its head is there, so that clients that send none, or send it slowly,
hold nobody up. One that would be refused for want of places (`api.shedding`) gets none at all: it
is read and answered at the door, which is cheaper. A connection is closed without waiting
there for its other end, as gunicorn would, for up to two seconds. And new connections go to the
worker that has the fewest.
"""

import mmap
import socket
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from selectors import EVENT_READ
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from gunicorn import SERVER
from gunicorn.http.body import LengthReader
from gunicorn.http.parser import RequestParser
from gunicorn.util import http_date
from gunicorn.workers.gthread import TConn, ThreadWorker

if TYPE_CHECKING:  # the master, which imports this module, must not import the application
    from api.shedding import Shedder

HEAD_BYTES = 16 * 1024
"""A longer head gets 431: all that the door holds of a connection is its head."""
TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"Connection: close\r\nContent-Length: 0\r\n\r\n"
)
HEAD_S = 10.0
"""Until it is there."""
STEP_BYTES = 128 * 1024
"""Read of a connection at a time. gunicorn would read a MB of a body at once, and copy what is left
of it after each piece that is taken: a tenth of the CPU time of a photo of 2 MB."""
DRAIN_BYTES = 64 * 2**20
DRAIN_S = 5.0
"""Read on, at most, of what a refused request still sends."""
REFUSED_S = 30.0
"""For the rest of a refused upload; one that is slower is told before its end."""
GIVE_WAY_S = 0.002
"""A worker with more connections than another leaves it so much time to take the next one."""
MOST_WORKERS = 256

_crowds = memoryview(mmap.mmap(-1, 4 * MOST_WORKERS)).cast("i")
"""1 + the connections of each worker, 0 where there is none: memory that all processes share."""


def _is_whole(head: bytes) -> bool:
    """Whether gunicorn's parser needs no more of a head: it is there, or surely wrong."""
    return b"\r\n\r\n" in head or head.count(b"\n") != head.count(b"\r\n")


@dataclass(slots=True)
class _Head:
    """What has come of the head of a request."""

    until: float
    """On the monotonic clock; after it the connection is closed."""
    data: bytes = b""


@dataclass(slots=True)
class _Rest:
    """What is still read of a connection, and forgotten."""

    until: float
    """On the monotonic clock; after it the answer is not put off any longer."""
    left: int
    """Bytes."""
    answer: bytes
    """What is sent then. The connection is closed if there is none."""


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """See above. All methods but the constructor run in the main thread of their process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._started: WeakKeyDictionary[TConn, _Head | _Rest] = WeakKeyDictionary()
        self._scratch = memoryview(bytearray(STEP_BYTES))
        self._place = self.age % MOST_WORKERS

    def notify(self) -> None:
        """After each event: tell the master that this worker lives, and others its connections."""
        super().notify()
        _crowds[self._place] = 1 + self.nr_conns if self.alive else 0

    def gone(self) -> None:
        """This worker is no more; for the master."""
        _crowds[self._place] = 0

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection, unless a worker that has fewer does."""
        fewest = min(filter(None, _crowds), default=1) - 1
        if self.nr_conns > fewest + fewest // 8:  # of many, a few more do not matter
            time.sleep(GIVE_WAY_S)
        super().accept(listener)
        _crowds[self._place] = 1 + self.nr_conns

    def enqueue_req(self, conn: TConn) -> None:
        """A connection is new, or readable, or has more requests that came with the last one."""
        if self.cfg.is_ssl:
            super().enqueue_req(conn)
            return
        try:
            self._serve(conn)
        except Exception:  # it would end the worker
            self._log_and_close(conn)

    def finish_request(self, conn: TConn, fs: "Future[Any]") -> None:
        """A thread is done with a connection: keep it, or close it."""
        keep = fs.cancelled() or fs.exception() or fs.result()
        if keep or self.cfg.is_ssl:
            super().finish_request(conn, fs)
            return
        try:
            self._let_go(conn)
        except Exception:
            self._log_and_close(conn)

    def _serve(self, conn: TConn) -> None:
        if not conn.initialized and not conn.data_ready:
            self._wait_for(conn)
        elif isinstance(self._started.get(conn), _Rest):
            self._read_rest(conn)
        else:
            self._read_head(conn)

    def _read_head(self, conn: TConn) -> None:
        """Read what is there of a head; refuse the request, or give it a thread."""
        head = self._started.setdefault(conn, _Head(time.monotonic() + HEAD_S))
        assert isinstance(head, _Head)
        try:
            data = conn.parser.unreader.take_buffered() if conn.initialized else b""
            data = data or conn.sock.recv(HEAD_BYTES // 2, socket.MSG_DONTWAIT)
        except BlockingIOError:
            self._wait_for(conn)
            return
        except OSError:
            data = b""
        head.data += data
        if not data or time.monotonic() > head.until:
            self._close(conn)
        elif _is_whole(head.data):
            del self._started[conn]
            conn.init()
            conn.parser.unreader.max_body_chunk = STEP_BYTES
            if self._shedder.full and (rest := self._refused(conn, head.data)):
                self._started[conn] = rest
                self._read_rest(conn)
            else:
                conn.parser.unreader.unread(head.data)
                super().enqueue_req(conn)
        elif len(head.data) <= HEAD_BYTES:
            self._wait_for(conn)
        else:
            with suppress(OSError):
                conn.sock.send(TOO_LONG, socket.MSG_DONTWAIT)
            self._let_go(conn)

    def _refused(self, conn: TConn, data: bytes) -> _Rest | None:
        """What is left of a request that is refused; None for one that is not, or not surely."""
        try:
            head = data[: data.index(b"\r\n\r\n") + 4]
            parser = RequestParser(self.cfg, iter([head]), conn.client)
            request = next(parser)
        except Exception:  # anything may be sent: a thread finds out what is wrong with it
            return None
        fields = dict(request.headers)
        body = request.body.reader
        left = len(head) + body.length - len(data) if isinstance(body, LengthReader) else -1
        if (
            request.method not in ("GET", "POST")
            or request.version != (1, 1)
            or request.should_close()
            or not self.alive
            or len(self.keepalived_conns) >= self.max_keepalived
            or len(fields) < len(request.headers)  # some are repeated
            or "EXPECT" in fields
            or "%" in request.path
            or not 0 <= left <= DRAIN_BYTES  # in chunks, or with the next request behind it
            or parser.unreader.buf.getvalue()
            or not self._shedder.refuses(request.method, request.path, "ORIGIN" in fields)
        ):
            return None
        status, headers, text = self._shedder.refusal(
            request.method, fields.get("X-REQUEST-ID", "")
        )
        lines = [
            f"HTTP/1.1 {status}",
            f"Server: {SERVER}",
            f"Date: {http_date()}",
            "Connection: keep-alive",
            *(f"{name}: {value}" for name, value in headers),
        ]
        answer = "\r\n".join([*lines, "", ""]).encode("latin-1") + text
        return _Rest(time.monotonic() + REFUSED_S, left, answer)

    def _read_rest(self, conn: TConn) -> None:
        """Read what is there of a rest; answer after its end."""
        rest = self._started[conn]
        assert isinstance(rest, _Rest)
        if rest.left:
            try:
                wanted = min(rest.left, STEP_BYTES)
                count = conn.sock.recv_into(self._scratch, wanted, socket.MSG_DONTWAIT)
            except BlockingIOError:
                self._wait_for(conn)
                return
            except OSError:
                count = 0
            rest.left -= count
            if not count:
                self._close(conn)
                return
        late = time.monotonic() > rest.until
        if rest.left and not late:
            self._wait_for(conn)
        elif rest.left and rest.answer:
            with suppress(OSError):
                conn.sock.send(rest.answer, socket.MSG_DONTWAIT)
            self._let_go(conn)
        else:
            self._answer(conn, rest.answer)

    def _answer(self, conn: TConn, answer: bytes) -> None:
        with suppress(OSError):
            if answer and conn.sock.send(answer, socket.MSG_DONTWAIT) == len(answer):
                del self._started[conn]
                kept: Future[bool] = Future()
                kept.set_result(True)
                super().finish_request(conn, kept)
                return
        self._close(conn)

    def _let_go(self, conn: TConn) -> None:
        """Close a connection once its other end has read what was sent: it closes, too, then."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
            return
        self._started[conn] = _Rest(time.monotonic() + DRAIN_S, DRAIN_BYTES, b"")
        self._read_rest(conn)

    def _wait_for(self, conn: TConn) -> None:
        """As gunicorn waits for the first bytes of a connection: for `keepalive` seconds."""
        conn.sock.setblocking(False)
        readable = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, EVENT_READ, readable)
        conn.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)

    def _log_and_close(self, conn: TConn) -> None:
        self.log.exception("a connection is closed after an error")
        self._close(conn)

    def _close(self, conn: TConn) -> None:
        self._started.pop(conn, None)
        self.nr_conns -= 1
        conn.close()

    @property
    def _shedder(self) -> "Shedder":
        shedder: Shedder = self.wsgi.extensions["shedder"]
        return shedder
