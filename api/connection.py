"""A client's connection: its socket, and gunicorn's parser of what comes from it."""

import errno
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser

if TYPE_CHECKING:  # the master, which imports this module, must not import the application
    from _typeshed import ReadableBuffer

    from api.ratelimit.limiter import Count

STEP_BYTES = 128 * 1024
"""Read of a connection at a time. gunicorn would read a MB of a body at once, and copy what is left
of it after each piece that is taken: a tenth of the CPU time of a photo of 2 MB."""
SEND_S = 30.0
"""A client that takes nothing of its answer for so long is given up."""


class Elsewhere(BaseException):  # no error: whoever handles those lets it through
    """A request that was begun at the desk (`api.desk`) is to be answered by a thread."""


class Connection(socket.socket):
    """A socket that knows when its present request came, and holds up nobody at the desk."""

    came: float
    """When the head of the request was there, on `time.perf_counter`."""
    queued: float | None = None
    """When it was put onto the desk (`api.desk`), on the same clock; None if it was not."""
    count: "Count | None" = None
    """How its client stands, where the present request has been counted (`api.ratelimit.hooks`)."""
    unsent: bytes = b""
    """What has not been sent of an answer from the desk."""

    @classmethod
    def of(cls, plain: socket.socket) -> Self:
        """The same connection; the socket it was is of no use any more."""
        made = cls(plain.family, plain.type, plain.proto, fileno=plain.detach())
        made.setblocking(False)
        return made

    def sendall(self, data: "ReadableBuffer", flags: int = 0, /) -> None:
        """Send all; at the desk it is kept until the whole answer is there."""
        if self.queued is None:
            self._send_patiently(data)
        else:
            self.unsent += data

    def send_at_once(self) -> None:
        """Send of an answer from the desk what goes without waiting: mostly all."""
        with suppress(BlockingIOError):
            self.unsent = self.unsent[self.send(self.unsent, socket.MSG_DONTWAIT) :]

    def send_rest(self) -> None:
        """Send what is left of an answer from the desk."""
        left, self.unsent = self.unsent, b""
        self._send_patiently(left)

    def _send_patiently(self, data: "ReadableBuffer") -> None:
        patience = self.gettimeout()
        self.settimeout(SEND_S)
        try:
            super().sendall(data)
        except TimeoutError:
            raise ConnectionResetError(errno.ECONNRESET, "the answer is not taken") from None
        finally:
            self.settimeout(patience)


class Parser(RequestParser):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's parser, which lets its next request be seen before a thread asks for it."""

    _seen: Request | None = None

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.unreader.max_body_chunk = STEP_BYTES

    def look(self) -> Request:
        """The next request, whose head must be there; it will still be the next one."""
        self._seen = super().__next__()
        return self._seen

    def again(self, request: Request) -> None:
        """Make a request that was taken, but not answered, the next one again."""
        request.body.seek(0)
        self._seen = request

    def forget(self) -> None:
        """Leave out the request that was seen; its body is read elsewhere."""
        self._seen = self.mesg = None

    def __next__(self) -> Any:
        seen, self._seen = self._seen, None
        return seen or super().__next__()
