"""What has come over the connections that wait at the door (`api.door`)."""

import time
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from gunicorn.http.body import LengthReader
from gunicorn.http.message import Request
from gunicorn.workers.gthread import TConn

HEAD_BYTES = 16 * 1024
"""A longer head gets 431."""
HEAD_S = 10.0
"""Until it is there."""
BODY_BYTES = 2**20
"""A larger body is read by a thread."""
BODY_S = 5.0
"""For a body to come; the rest of a slower one is read by a thread, which may take its time."""
DRAIN_BYTES = 64 * 2**20
DRAIN_S = 5.0
"""Read on, at most, of what a refused request still sends."""
REFUSED_S = 30.0
"""For the rest of a refused upload; one that is slower is told before its end."""


@dataclass(slots=True)
class Head:
    """Of the head of a request."""

    data: bytes = b""
    until: float = field(default_factory=lambda: time.monotonic() + HEAD_S)
    """On the monotonic clock; after it the connection is closed."""

    @property
    def is_whole(self) -> bool:
        """Whether gunicorn's parser needs no more: it is there, or surely wrong."""
        data = self.data
        return b"\r\n\r\n" in data or data.count(b"\n") != data.count(b"\r\n")

    @property
    def is_too_long(self) -> bool:
        """Whether more has come than a head may have."""
        end = self.data.find(b"\r\n\r\n")
        return (len(self.data) if end < 0 else end) > HEAD_BYTES


@dataclass(slots=True)
class Body:
    """Of the body of a request whose head is there."""

    request: Request
    fields: dict[str, str]
    """The head's, with names in capitals."""
    length: int
    """Bytes; -1 where the head does not say it."""
    left: int
    """Bytes that have not come yet; negative where the next request is behind them."""
    pieces: list[bytes] = field(default_factory=list)
    until: float = field(default_factory=lambda: time.monotonic() + BODY_S)
    """On the monotonic clock; after it a thread reads on."""

    @classmethod
    def of(cls, request: Request, came: int) -> "Body":
        """Of a request, of which so many bytes have come besides its head."""
        reader = request.body.reader
        length = reader.length if isinstance(reader, LengthReader) else -1
        return cls(request, dict(request.headers), length, length - came)


@dataclass(slots=True)
class Rest:
    """Of what is only read to be forgotten."""

    left: int
    """Bytes."""
    until: float
    """On the monotonic clock; after it the answer is not put off any longer."""
    answer: bytes = b""
    """What is sent then. The connection is closed if there is none."""


class Arrivals:
    """What has come over each connection that waits."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[TConn, Head | Body | Rest] = WeakKeyDictionary()
        self.held = 0
        """Bytes of all bodies that are coming."""

    def get(self, conn: TConn) -> Head | Body | Rest | None:
        """What has come; None of a connection that has just begun to wait."""
        return self._of.get(conn)

    def put(self, conn: TConn, arrival: Head | Body | Rest) -> None:
        """Keep what has come, in place of what there was."""
        self.forget(conn)
        self._of[conn] = arrival
        if isinstance(arrival, Body):
            self.held += arrival.length

    def forget(self, conn: TConn) -> Head | Body | Rest | None:
        """Take what has come: the connection does not wait any more."""
        arrival = self._of.pop(conn, None)
        if isinstance(arrival, Body):
            self.held -= arrival.length
        return arrival
