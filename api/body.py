"""What a request brings: query parameters, JSON, and a picture in any of three kinds of body."""

import contextlib
import io
import socket
import threading
import time
from collections.abc import Iterator
from typing import IO, Any, TypeVar

from flask import Flask, Request, g, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from api.deadline import Deadline, alarms
from api.problems import Problem
from api.schemas import UrlBody
from api.settings import Settings
from common.allocator import return_large_blocks

PICTURE_FIELD = "image"
MAX_JSON_BYTES = 64 * 1024
DRAIN_BYTES = 64 * 2**20
DRAIN_S = 5.0

# How OpenAPI says what `picture` and `pictures` take.
# (`format` is what tools made for OpenAPI 3.0 go by.)
_FILE = {
    "type": "string",
    "format": "binary",
    "contentMediaType": "application/octet-stream",
}
ONE_UPLOAD = {
    "schema": {
        "type": "object",
        "properties": {PICTURE_FIELD: _FILE},
        "required": [PICTURE_FIELD],
        "additionalProperties": False,
    }
}
SEVERAL_UPLOADS = {
    "schema": {
        "type": "object",
        "properties": {
            PICTURE_FIELD: {"type": "array", "items": _FILE, "minItems": 1, "maxItems": 32}
        },
        "required": [PICTURE_FIELD],
        "additionalProperties": False,
    }
}
RAW_UPLOAD = {"schema": _FILE}

Model = TypeVar("Model", bound=BaseModel)


class MemoryRequest(Request):
    """A request whose uploads stay in memory: a visitor's picture is never written to disk."""

    # Above the 64 kB that Werkzeug reads at a time: it counts what it has read of a file, too.
    max_form_memory_size = 512 * 1024
    max_form_parts = 64

    def _get_file_stream(self, *args: Any, **kwargs: Any) -> IO[bytes]:
        return io.BytesIO()


class BodyMemory:
    """Bytes of bodies, sent or fetched, that a worker holds over all requests; thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._lock = threading.Lock()

    def take(self, count: int) -> None:
        """Count bytes that have arrived.

        Raises:
            Problem: `overloaded`.
        """
        with self._lock:
            if self._held + count > self._most:
                raise Problem("overloaded", "Too many pictures are on their way. Try again soon.")
            self._held += count

    def give_back(self, count: int) -> None:
        """Forget bytes that were taken."""
        with self._lock:
            self._held -= count


class Share:
    """What one request holds of a worker's memory for bodies; thread-safe."""

    def __init__(self, memory: BodyMemory) -> None:
        self._memory = memory
        self._held = 0
        self._lock = threading.Lock()

    def take(self, count: int) -> None:
        """Count bytes that have arrived.

        Raises:
            Problem: `overloaded`.
        """
        self._memory.take(count)
        with self._lock:
            self._held += count

    def give_back(self, count: int | None = None) -> None:
        """Forget bytes that are no longer held; all of them if left out."""
        with self._lock:
            count = self._held if count is None else min(count, self._held)
            self._held -= count
        self._memory.give_back(count)


class CountedInput:
    """The body of a request as it arrives, counted."""

    def __init__(self, stream: IO[bytes], share: Share) -> None:
        self.uncounted = stream
        self._share = share

    def read(self, size: int = -1) -> bytes:
        data = self.uncounted.read(size)
        self._share.take(len(data))
        return data


def register(app: Flask, settings: Settings) -> None:
    """Read bodies into memory, and not too much of them at a time."""
    app.request_class = MemoryRequest
    return_large_blocks()
    memory = BodyMemory((settings.max_batch_mb + 2 * settings.max_upload_mb) * 2**20)

    @app.before_request
    def count() -> None:
        g.share = Share(memory)
        g.body = CountedInput(request.environ["wsgi.input"], g.share)
        request.environ["wsgi.input"] = g.body

    @app.teardown_request
    def forget(error: BaseException | None) -> None:
        share = g.pop("share", None)
        if share is not None:
            share.give_back()


def fetched(count: int) -> None:
    """Count bytes that are fetched for the present request.

    Raises:
        Problem: `overloaded`.
    """
    g.share.take(count)


def done_with(count: int) -> None:
    """Forget bytes that were fetched for the present request, before it is answered."""
    g.share.give_back(count)


def query(model: type[Model]) -> Model:
    """The query parameters, checked; each at most once, none that is unknown.

    Raises:
        Problem: `invalid_request`, naming the parameter.
    """
    given = request.args.to_dict(flat=False)
    for name, values in given.items():
        if len(values) > 1:
            raise Problem("invalid_request", f"The parameter {name!r} is given more than once.")
    return _validated(model, {name: values[0] for name, values in given.items()}, "parameter")


def json_body(model: type[Model], deadline: Deadline) -> Model:
    """The JSON body, checked.

    Raises:
        Problem: `invalid_request` or `unsupported_media_type`.
    """
    if request.mimetype != "application/json":
        raise Problem("unsupported_media_type", "The body must be application/json.")
    data = _whole_body(deadline, MAX_JSON_BYTES)
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise _not_valid(error, "member") from None


def picture(deadline: Deadline, max_bytes: int) -> bytes | str:
    """The picture of the request: its bytes, or the address it is to be fetched from.

    Raises:
        Problem: `invalid_request`, `image_too_large` or `unsupported_media_type`.
    """
    kind = request.mimetype
    if kind == "application/json":
        return json_body(UrlBody, deadline).url
    if kind == "multipart/form-data":
        (data,) = pictures(deadline, max_bytes, most=1)
        return data
    if kind.startswith("image/") or kind == "application/octet-stream":
        data = _whole_body(deadline, max_bytes)
        if not data:
            raise Problem("invalid_request", "The body is empty: it should be a picture.")
        return data
    raise Problem(
        "unsupported_media_type",
        f"Send a picture as multipart/form-data (field {PICTURE_FIELD!r}), as a raw image/* body, "
        'or as application/json {"url": …}.',
    )


def pictures(deadline: Deadline, max_bytes: int, most: int) -> list[bytes]:
    """The pictures of a multipart body, in order; file names are never looked at.

    Raises:
        Problem: `invalid_request` or `image_too_large`.
    """
    with reading(deadline, max_bytes + 64 * 1024):  # the boundaries need a little room, too
        files, form = request.files, request.form
    unknown = sorted({*files, *form} - {PICTURE_FIELD})
    if unknown:
        raise Problem("invalid_request", f"The field {unknown[0]!r} is not known.")
    if PICTURE_FIELD in form:
        raise Problem("invalid_request", f"The field {PICTURE_FIELD!r} must be a file.")
    uploads = files.getlist(PICTURE_FIELD)
    if not uploads:
        raise Problem(
            "invalid_request", f"The field {PICTURE_FIELD!r} with the picture is missing."
        )
    if len(uploads) > most:
        raise Problem("invalid_request", f"At most {most} pictures can be sent here at a time.")
    return [upload.stream.read() for upload in uploads]


def _whole_body(deadline: Deadline, max_bytes: int) -> bytes:
    with reading(deadline, max_bytes):
        data = request.get_data(cache=False)
        # Werkzeug ends a body without Content-Length at the limit, and does not say so.
        if len(data) >= max_bytes and request.content_length is None:
            raise RequestEntityTooLarge
    return data


@contextlib.contextmanager
def reading(deadline: Deadline, max_bytes: int) -> Iterator[None]:
    """While the body is read: not more than `max_bytes`, and not longer than the deadline.

    A client that sends one byte at a time would hold its thread for ever, since every byte starts
    the socket's own time limit anew; closing the socket's reading side ends it from outside.
    """
    request.max_content_length = max_bytes
    connection: socket.socket | None = request.environ.get("gunicorn.socket")
    late = threading.Event()

    def give_up() -> None:
        late.set()
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)

    alarm = alarms.set(deadline.remaining(), give_up)
    try:
        yield
    except RequestEntityTooLarge:
        drain(DRAIN_BYTES, min(DRAIN_S, deadline.remaining()))
        raise Problem("image_too_large", _too_large(max_bytes)) from None
    except ClientDisconnected:
        if late.is_set():
            raise deadline.exceeded() from None
        raise
    finally:
        alarm.cancel()
    if late.is_set():
        raise deadline.exceeded()


def drain(most: int, seconds: float) -> None:
    """Read on what a refused request still sends, up to a bound.

    A proxy in front that is stopped while it passes the body on answers 502 in place of our 413.
    """
    stream, end = g.body.uncounted, time.monotonic() + seconds
    with contextlib.suppress(OSError):
        while most > 0 and time.monotonic() < end:
            chunk = stream.read(min(most, 64 * 1024))
            if not chunk:
                return
            most -= len(chunk)


def _too_large(max_bytes: int) -> str:
    if max_bytes >= 2**20:
        return f"The upload is larger than the {max_bytes // 2**20} MB that are accepted."
    return f"The body is larger than the {max_bytes // 1024} kB that are accepted."


def _validated(model: type[Model], values: dict[str, str], what: str) -> Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _not_valid(error, what) from None


def _not_valid(error: ValidationError, what: str) -> Problem:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "json_invalid":
        return Problem("invalid_request", "The body is not valid JSON.")
    if first["type"] == "extra_forbidden":
        return Problem("invalid_request", f"The {what} {where!r} is not known.")
    message = f"The {what} {where!r}: {first['msg']}." if where else f"The body: {first['msg']}."
    return Problem("invalid_request", message)
