"""How requests are taken in: each gets a thread, a place on the desk, or a refusal.

A request gets a thread when its head is there, so that clients that send none, or send it slowly,
hold nobody up. A picture goes to the desk (`api.desk`) when it is there as a whole. A request that
is refused for want of places (`load_shedding`) gets no thread: it is read and answered at the
door (`api.door`), which is cheaper.
"""

import io
import socket
import time
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from gunicorn.workers.gthread import TConn

from api.arrivals import BODY_BYTES, DRAIN_BYTES, REFUSED_S, Body, Head, Rest
from api.connection import STEP_BYTES, Connection, Elsewhere, Parser
from api.door import Door

if TYPE_CHECKING:  # the master, which imports this module, must not import the application
    from api.desk import Desk
    from api.middleware.load_shedding import Shedder

TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"Connection: close\r\nContent-Length: 0\r\n\r\n"
)
FIRST_BYTES = 64 * 1024
"""Read at first: mostly the whole request."""
HELD_BYTES = 32 * 2**20
"""Of all bodies that come at the same time; what comes beside them is read by threads."""


class Worker(Door):
    """See above. Its methods run in the main thread of their process, but for `_send_rest`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._more: deque[TConn] = deque()  # the next request came with the one just answered

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Answer pictures that are there, then look at what has happened meanwhile.

        In this order, since who is silent for too long is looked for afterwards: nobody is silent
        whose request waits to be seen.
        """
        self._desk.serve()
        rests = self._desk.is_empty and not self._more
        super().wait_for_and_dispatch_events(timeout if rests else 0)
        for _ in range(len(self._more)):
            self.enqueue_req(self._more.popleft())

    def enqueue_req(self, conn: TConn) -> None:
        """A connection is new, or readable, or has more requests that came with the last one."""
        if self.cfg.is_ssl:
            super().enqueue_req(conn)
            return
        if self._desk.is_here():  # has more: that queues up behind the requests of others
            self._more.append(conn)
            return
        try:
            self._serve(conn)
        except Exception:  # it would end the worker
            self._log_and_close(conn)

    def murder_pending(self) -> None:
        """Close connections that have been silent for too long; of a body a thread reads on."""
        while self.pending_conns and self.pending_conns[0].timeout <= time.monotonic():
            conn = self.pending_conns.popleft()
            self.poller.unregister(conn.sock)
            if isinstance(self.arrivals.get(conn), Body):
                self._leave_to_thread(conn)
            else:
                self._close(conn)

    def _serve(self, conn: TConn) -> None:
        arrival = self.arrivals.get(conn)
        if not isinstance(conn.sock, Connection):
            conn.sock = Connection.of(conn.sock)
            self._wait_for(conn)
        elif isinstance(arrival, Rest):
            self._read_rest(conn, arrival)
        elif isinstance(arrival, Body):
            self._read_body(conn, arrival)
        else:
            self._read_head(conn, arrival or Head())

    def _read_head(self, conn: TConn, head: Head) -> None:
        """Read what is there of a head."""
        self.arrivals.put(conn, head)
        try:
            data = conn.parser.unreader.take_buffered() if conn.initialized else b""
            data = data or conn.sock.recv(FIRST_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            self._wait_for(conn)
            return
        except OSError:
            data = b""
        head.data += data
        if not data or time.monotonic() > head.until:
            self._close(conn)
        elif head.is_too_long:
            with suppress(OSError):
                conn.sock.send(TOO_LONG, socket.MSG_DONTWAIT)
            self._let_go(conn)
        elif head.is_whole:
            self._begin(conn, head.data)
        else:
            self._wait_for(conn)

    def _begin(self, conn: TConn, data: bytes) -> None:
        """A head has come: refuse the request, read its body for the desk, or give it a thread."""
        self.arrivals.forget(conn)
        conn.sock.came = time.perf_counter()
        conn.sock.queued = conn.sock.count = None
        if not conn.initialized:
            conn.initialized = True
            conn.parser = Parser(self.cfg, conn.sock, conn.client)
        elif conn.sock.gettimeout() is None:
            conn.sock.setblocking(False)  # the parser, too, must not wait here
        conn.parser.unreader.unread(data)
        try:
            request = conn.parser.look()
        except Exception:  # anything may be sent: a thread finds out what is wrong with it
            conn.parser = Parser(self.cfg, conn.sock, conn.client)
            conn.parser.unreader.unread(data)
            super().enqueue_req(conn)
            return
        came = conn.parser.unreader.take_buffered()
        body = Body.of(request, len(came))
        if self._refuse(conn, body):
            return
        if self._is_for_desk(body):
            self.arrivals.put(conn, body)
            conn.parser.unreader.unread(came[body.length :])
            body.pieces.append(came[: body.length])
            body.left = max(body.left, 0)
            self._read_body(conn, body)
        else:
            conn.parser.unreader.unread(came)
            super().enqueue_req(conn)

    def _is_for_desk(self, body: Body) -> bool:
        request, kind = body.request, body.fields.get("CONTENT-TYPE", "")
        return (
            0 <= body.length <= BODY_BYTES
            and self.arrivals.held + body.length <= HELD_BYTES
            and "EXPECT" not in body.fields
            and not self._shedder.full
            and self._desk.takes(request.method, request.path, kind)
        )

    def _read_body(self, conn: TConn, body: Body) -> None:
        """Read what is there of a body; the whole of it goes to the desk."""
        try:
            while body.left:
                data = conn.sock.recv(min(body.left, STEP_BYTES), socket.MSG_DONTWAIT)
                if not data:
                    self._close(conn)
                    return
                body.pieces.append(data)
                body.left -= len(data)
        except BlockingIOError:
            if time.monotonic() > body.until:
                self._leave_to_thread(conn)
            else:
                self._wait_for(conn)
            return
        except OSError:
            self._close(conn)
            return
        self.arrivals.forget(conn)
        if self._refuse(conn, body):
            return
        body.request.body = io.BytesIO(b"".join(body.pieces))
        if self._shedder.full:
            super().enqueue_req(conn)
        else:
            conn.sock.queued = time.perf_counter()
            self._desk.put(partial(self._answer_at_desk, conn))

    def _leave_to_thread(self, conn: TConn) -> None:
        """Let a thread read the rest of a body."""
        body = self.arrivals.forget(conn)
        assert isinstance(body, Body)
        conn.parser.unreader.unread(b"".join(body.pieces))
        self._give_to_thread(conn)

    def _give_to_thread(self, conn: TConn) -> None:
        """As `enqueue_req` does, where nobody else would see that it fails."""
        try:
            super().enqueue_req(conn)
        except RuntimeError:  # no thread can be started
            self._log_and_close(conn)

    def _answer_at_desk(self, conn: TConn) -> None:
        request, done = conn.parser.mesg, Future[Any]()
        try:
            kept = self.handle(conn)
            self._desk.pause()  # who is answered sends the next one, and pushes us off the CPU
            conn.sock.send_at_once()
            done.set_result(kept)
        except Elsewhere:
            conn.sock.queued, conn.sock.unsent = None, b""
            conn.parser.again(request)
            self._give_to_thread(conn)
            return
        except Exception as error:
            done.set_exception(error)
        if conn.sock.unsent:
            with suppress(RuntimeError):  # no thread can be started: one that is there does it
                self.tpool.submit(self._send_rest, conn, done)
        else:
            self.finish_request(conn, done)

    def _send_rest(self, conn: TConn, done: "Future[Any]") -> None:
        """A client takes its answer slowly: a thread of the pool, where this runs, waits for it."""
        try:
            conn.sock.send_rest()
        except OSError:
            done = Future()
            done.set_result(False)
        self.method_queue.defer(self.finish_request, conn, done)

    def _refuse(self, conn: TConn, body: Body) -> bool:
        """Refuse a request, if all places are taken, and it is surely one that is refused then."""
        request, fields = body.request, body.fields
        if (
            not self._shedder.full
            or request.method not in ("GET", "POST")
            or request.version != (1, 1)
            or request.should_close()
            or not self.alive
            or len(self.keepalived_conns) >= self.max_keepalived
            or len(fields) < len(request.headers)  # some are repeated
            or "EXPECT" in fields
            or "%" in request.path
            or not 0 <= body.left <= DRAIN_BYTES  # in chunks, or with the next request behind it
            or not self._shedder.refuses(request.method, request.path, "ORIGIN" in fields)
        ):
            return False
        conn.parser.forget()
        answer = self._shedder.whole_refusal(request.method, fields.get("X-REQUEST-ID", ""))
        self._read_rest(conn, Rest(body.left, time.monotonic() + REFUSED_S, answer))
        return True

    @property
    def _desk(self) -> "Desk":
        desk: Desk = self.wsgi.extensions["dogorcat"].desk
        return desk

    @property
    def _shedder(self) -> "Shedder":
        shedder: Shedder = self.wsgi.extensions["shedder"]
        return shedder
