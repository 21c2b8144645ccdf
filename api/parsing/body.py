"""Reads what a request brings: query parameters, JSON, or a picture in any kind of body."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache, partial
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from api.context import Deadline, RequestContext
from api.errors import Problem
from api.parsing import base64_picture, validation
from api.parsing.forms import PICTURE_FIELD, Form, Read, is_text, read_form, read_pictures
from api.schemas.requests import PictureBody

MAX_JSON_BYTES = 64 * 1024
POLL_S = 0.25
"""Seconds after which bodies that are late are looked for again."""
_CODINGS = {"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress"}

Model = TypeVar("Model", bound=BaseModel)
T = TypeVar("T")


def query(model: type[Model]) -> Model:
    """The query parameters, checked; each at most once, none that is unknown.

    Raises:
        Problem: `invalid_request`, naming the parameter.
    """
    given = request.args.to_dict(flat=False)
    for name, values in given.items():
        if len(values) > 1:
            raise Problem("invalid_request", f"The parameter {name!r} is given more than once.")
    return check_query(model, {name: values[0] for name, values in given.items()})


def check_query(model: type[Model], values: Mapping[str, str]) -> Model:
    """The query parameters as a model.

    Raises:
        Problem: `invalid_request`, naming the parameter and what is right.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise Problem("invalid_request", validation.sentence(error, model, "parameter")) from None


def json_body(
    model: type[Model], context: RequestContext, max_bytes: int = MAX_JSON_BYTES
) -> Model:
    """The JSON body, checked.

    Raises:
        Problem: `invalid_request` or `unsupported_media_type`.
    """
    if request.mimetype != "application/json":
        raise Problem("unsupported_media_type", "The body must be application/json.")
    return check_json(model, _whole_body(context, max_bytes))


def check_json(model: type[Model], data: bytes) -> Model:
    """A JSON body as a model.

    Raises:
        Problem: `invalid_request`, naming the member and what is right.
    """
    try:
        return model.model_validate_json(data.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        raise Problem("invalid_request", validation.sentence(error, model, "member")) from None


def picture(context: RequestContext, max_bytes: int) -> bytes | str:
    """The picture of the request: its bytes, or the address it is to be fetched from.

    A body of another type is taken if it is not text.

    Raises:
        Problem: `invalid_request`, `image_too_large` or `unsupported_media_type`.
    """
    kind = request.mimetype
    if kind == "application/json":
        return _json_picture(context, max_bytes)
    if kind == "multipart/form-data":
        (data,) = pictures(context, max_bytes, most=1)
        return data
    data = _whole_body(context, max_bytes)
    if kind.startswith("image/") or kind == "application/octet-stream":
        if not data:
            raise Problem("invalid_request", "The body is empty: it should be a picture.")
    elif is_text(data):
        hint = "This looks like JSON. " if data.lstrip()[:1] == b"{" else ""
        raise Problem(
            "unsupported_media_type",
            f"{hint}Send a picture as multipart/form-data (field `{PICTURE_FIELD}`), as a raw "
            'image/* body, or as application/json: {"url": …} or {"image": "<base64>"}.',
        )
    return data


def _json_picture(context: RequestContext, max_bytes: int) -> bytes | str:
    limit = max_bytes * 3 // 2 + MAX_JSON_BYTES  # base64 with line ends is 1.4 times as long
    body = json_body(PictureBody, context, limit)
    if body.url and body.image:
        raise Problem("invalid_request", "Send `url` or `image`, not both.")
    if body.image:
        return base64_picture.decode(body.image)
    if body.url:
        return body.url
    raise Problem(
        "invalid_request",
        "The body needs a member `url` with a link, or `image` with the file in base64.",
    )


def pictures(context: RequestContext, max_bytes: int, most: int) -> list[bytes]:
    """The pictures of a multipart body, in order; file names are never looked at.

    Raises:
        Problem: `invalid_request` or `image_too_large`.
    """
    return _from_form(context, max_bytes, partial(read_pictures, most=most))


def form(context: RequestContext, max_bytes: int, most: int, texts: Collection[str]) -> Form:
    """A multipart body with at most so many pictures, and with these fields of text.

    Raises:
        Problem: `invalid_request` or `image_too_large`.
    """
    return _from_form(context, max_bytes, partial(read_form, most=most, texts=texts))


def _from_form(context: RequestContext, max_bytes: int, parse: Callable[[Read, str], T]) -> T:
    _check_encoding()
    limit = max_bytes + 64 * 1024  # the boundaries need a little room, too
    with _reading(context, limit):
        try:
            return parse(_reader(), request.headers["Content-Type"])
        except Problem:
            _check_ended(context.budget.received, limit)
            raise


def _reader() -> Read:
    """What reads the body. Werkzeug's stream copies it, so it is used only where it must end it."""
    stream = request.stream  # refuses a Content-Length that is too large
    ends = request.content_length is not None and request.environ.get("wsgi.input_terminated")
    read: Read = request.environ["wsgi.input"].read if ends else stream.read
    return read


def _whole_body(context: RequestContext, max_bytes: int) -> bytes:
    _check_encoding()
    with _reading(context, max_bytes):
        data = request.get_data(cache=False)
        _check_ended(len(data), max_bytes)
    return data


def _check_encoding() -> None:
    """Refuse a compressed body; what is no compression (`utf-8`, `binary`) is sent by mistake."""
    coding = request.headers.get("Content-Encoding", "").strip().lower()
    if coding in _CODINGS:
        raise Problem(
            "unsupported_media_type",
            f"The body is compressed (Content-Encoding: {coding}). Send it as it is.",
        )


def _check_ended(count: int, limit: int) -> None:
    """Werkzeug ends a body without Content-Length at the limit, and does not say so."""
    if count >= limit and request.content_length is None:
        raise RequestEntityTooLarge


@contextlib.contextmanager
def _reading(context: RequestContext, max_bytes: int) -> Iterator[None]:
    """While the body is read: not more than `max_bytes`, and not longer than the deadline."""
    request.max_content_length = max_bytes
    deadline = context.deadline
    try:
        with read_before(deadline, request.environ):
            yield
    except RequestEntityTooLarge:
        size = f"{max_bytes // 2**20} MB" if max_bytes >= 2**20 else f"{max_bytes // 1024} kB"
        what = "upload" if max_bytes >= 2**20 else "body"
        raise Problem(
            "image_too_large", f"The {what} is larger than the {size} that are accepted."
        ) from None
    except BlockingIOError:  # the socket's own time limit
        raise deadline.exceeded() from None
    except ClientDisconnected:
        deadline.check()
        raise
    deadline.check()


_being_read: dict[socket.socket, Deadline] = {}


@contextlib.contextmanager
def read_before(deadline: Deadline, environ: Mapping[str, Any]) -> Iterator[None]:
    """End reading of the request's body at the deadline, as if its client had gone.

    A socket's own time limit begins anew with every byte, so it does not stop a client that sends
    one byte at a time. Shutting the reading side down from another thread does. A `threading.Timer`
    for each body would cost a twentieth of the CPU time of a picture.

    Args:
        deadline: until when the body may be read; it may be late by `POLL_S`.
        environ: of the request (PEP 3333). A server that does not name the socket has to end slow
            bodies itself.
    """
    connection: socket.socket | None = environ.get("gunicorn.socket")
    if connection is None:
        yield
        return
    _start_watching()
    _being_read[connection] = deadline
    try:
        yield
    finally:
        del _being_read[connection]


@cache  # once in each process
def _start_watching() -> None:
    threading.Thread(target=_end_late_bodies, name="bodies", daemon=True).start()


def _end_late_bodies() -> None:
    while True:
        time.sleep(POLL_S)
        for connection, deadline in list(_being_read.items()):
            if not deadline.remaining():
                with contextlib.suppress(OSError):  # it is closed already
                    connection.shutdown(socket.SHUT_RD)
