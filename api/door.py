"""How connections come and go: gunicorn's threaded worker, with a better door.

New connections go to the worker that has the fewest. They wait here, without a thread, and so does
what is only read to be forgotten. A connection is closed without waiting for its other end, as
gunicorn would, for up to two seconds.
"""

import socket
import time
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from api.arrivals import DRAIN_BYTES, DRAIN_S, Arrivals, Rest
from api.connection import STEP_BYTES
from api.crowd import Crowd

ACCEPTED = 64
"""New connections at a time: the next ones may have to wait until pictures are computed."""
READ_ON = 8
"""Steps in which a rest is read at a time."""
GIVE_WAY_S = 0.002
"""A worker with more connections than another leaves it so much time to take the next one."""


class Door(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """See above. Its methods run in the main thread of their process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.arrivals = Arrivals()
        self._scratch = memoryview(bytearray(STEP_BYTES))
        self._crowd = Crowd(self.age)

    def notify(self) -> None:
        """After each event: tell the master that this worker lives, and others its connections."""
        super().notify()
        if self.alive:
            self._crowd.tell(self.nr_conns)
        else:
            self._crowd.leave()

    def gone(self) -> None:
        """This worker is no more; for the master."""
        self._crowd.leave()

    def accept(self, listener: socket.socket) -> None:
        """Take new connections, unless a worker that has fewer does."""
        if self._crowd.is_larger(self.nr_conns):
            time.sleep(GIVE_WAY_S)
        for _ in range(min(ACCEPTED, self.worker_connections - self.nr_conns)):
            before = self.nr_conns
            super().accept(listener)
            self._crowd.tell(self.nr_conns)
            if self.nr_conns == before or self._crowd.is_larger(self.nr_conns):
                return

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

    def _read_rest(self, conn: TConn, rest: Rest) -> None:
        """Read what is there of a rest; answer after its end."""
        self.arrivals.put(conn, rest)
        try:
            for _ in range(READ_ON):
                if not rest.left:
                    break
                wanted = min(rest.left, STEP_BYTES)
                count = conn.sock.recv_into(self._scratch, wanted, socket.MSG_DONTWAIT)
                if not count:
                    self._close(conn)
                    return
                rest.left -= count
        except BlockingIOError:
            self._wait_for(conn)
            return
        except OSError:
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
                self.arrivals.forget(conn)
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
        self._read_rest(conn, Rest(DRAIN_BYTES, time.monotonic() + DRAIN_S))

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
        self.arrivals.forget(conn)
        self.nr_conns -= 1
        conn.close()
