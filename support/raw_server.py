"""A TCP server on 127.0.0.1 whose answers a test writes byte by byte, correct or not."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Self

Answer = Callable[[socket.socket], None]


class RawServer:
    """Calls `answer` with each connection once the request's headers have been read.

    Args:
        answer: writes the answer; the connection is closed when it returns or its client is gone.
        host: address to listen on.
        port: 0 for any that is free.
        tls: for https.
        shared_port: another server may listen on the same port of all addresses.
    """

    def __init__(
        self,
        answer: Answer,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        shared_port: bool = False,
    ) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server(
            (host, port), family=family, backlog=128, reuse_port=shared_port
        )
        self._answer, self._tls = answer, tls
        self._open: set[socket.socket] = set()
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        """The headers of every request so far."""
        self.connections = 0
        self.closing = threading.Event()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http{'s' if self._tls else ''}://{host}:{self.port}{path}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening and close all connections."""
        self.closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._open.add(connection)
            with connection:
                request = b""
                while b"\r\n\r\n" not in request:
                    data = connection.recv(65536)
                    if not data:
                        return
                    request += data
                self.requests.append(request)
                self._answer(connection)
        self._open.discard(connection)


def says(*parts: bytes) -> Answer:
    """An answer that is these bytes."""
    return lambda connection: connection.sendall(b"".join(parts))


def ok(body: bytes, *headers: str, status: str = "200 OK") -> Answer:
    """An ordinary answer with its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return says("\r\n".join(lines).encode(), body)


def redirect(location: str, status: str = "302 Found") -> Answer:
    """An answer that redirects."""
    return ok(b"", f"Location: {location}", status=status)


def forever(start: bytes, drop: bytes, pause_s: float, closing: threading.Event) -> Answer:
    """`start`, then `drop` again and again."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(start)
        for _ in _until(closing, pause_s):
            connection.sendall(drop)

    return answer


def _until(closing: threading.Event, pause_s: float) -> Iterator[None]:
    while not closing.wait(pause_s) if pause_s else not closing.is_set():
        yield


def by_path(answers: dict[str, Answer]) -> RawServer:
    """A server with an answer for each path."""

    def answer(connection: socket.socket) -> None:
        answers[server.requests[-1].split(b" ")[1].decode()](connection)

    server = RawServer(answer)
    return server
