"""What a request brings: query parameters, JSON, and a picture in any of three kinds of body."""

import contextlib
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import TypeVar

from flask import request
from pydantic import BaseModel
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from api import base64_picture
from api.context import RequestContext
from api.deadline import body_read_before
from api.errors import Problem
from api.forms.parser import Read
from api.forms.pictures import PICTURE_FIELD, Form, is_text, read_form, read_pictures
from api.schemas import PictureBody
from api.validation import check_json, check_query

MAX_JSON_BYTES = 64 * 1024
_CODINGS = {"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress"}

# How OpenAPI says what `picture` and `pictures` take.
# (`format` is what tools made for OpenAPI 3.0 go by.)
FILE = {
    "type": "string",
    "format": "binary",
    "contentMediaType": "application/octet-stream",
}
ONE_UPLOAD = {
    "schema": {
        "type": "object",
        "properties": {PICTURE_FIELD: FILE},
        "required": [PICTURE_FIELD],
        "additionalProperties": False,
    }
}
SEVERAL_UPLOADS = {
    "schema": {
        "type": "object",
        "properties": {
            PICTURE_FIELD: {"type": "array", "items": FILE, "minItems": 1, "maxItems": 32}
        },
        "required": [PICTURE_FIELD],
        "additionalProperties": False,
    }
}
RAW_UPLOAD = {"schema": FILE}

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


def picture(context: RequestContext, max_bytes: int) -> bytes | str:
    """The picture of the request: its bytes, or the address it is to be fetched from.

    What has no type that says how to read it is looked at: a picture is taken.

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


def form(context: RequestContext, max_bytes: int, most: int, texts: Collection[str]) -> Form:
    """A multipart body with at most so many pictures, and with these fields of text.

    Raises:
        Problem: `invalid_request` or `image_too_large`.
    """
    return _read_form(context, max_bytes, partial(read_form, most=most, texts=texts))


def pictures(context: RequestContext, max_bytes: int, most: int) -> list[bytes]:
    """The pictures of a multipart body, in order; file names are never looked at.

    Raises:
        Problem: `invalid_request` or `image_too_large`.
    """
    return _read_form(context, max_bytes, partial(read_pictures, most=most))


def _read_form(context: RequestContext, max_bytes: int, parse: Callable[[Read, str], T]) -> T:
    _check_encoding()
    limit = max_bytes + 64 * 1024  # the boundaries need a little room, too
    with reading(context, limit):
        try:
            return parse(_reader(), request.headers["Content-Type"])
        except Problem:
            _check_ended(context.budget.received, limit)
            raise


def _reader() -> Callable[[int], bytes]:
    """What reads the body. Werkzeug's stream copies it, and ends one whose length nobody told."""
    stream = request.stream  # refuses what is too large by its own word
    told = request.content_length is not None and request.environ.get("wsgi.input_terminated")
    read: Callable[[int], bytes] = request.environ["wsgi.input"].read if told else stream.read
    return read


def _whole_body(context: RequestContext, max_bytes: int) -> bytes:
    _check_encoding()
    with reading(context, max_bytes):
        data = request.get_data(cache=False)
        _check_ended(len(data), max_bytes)
    return data


def _check_encoding() -> None:
    """Words that are no coding (`utf-8`, `binary`) say nothing, and are sent by mistake."""
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
def reading(context: RequestContext, max_bytes: int) -> Iterator[None]:
    """While the body is read: not more than `max_bytes`, and not longer than the deadline."""
    request.max_content_length = max_bytes
    deadline = context.deadline
    try:
        with body_read_before(deadline, request.environ):
            yield
    except RequestEntityTooLarge:
        raise Problem("image_too_large", _too_large(max_bytes)) from None
    except BlockingIOError:  # the socket's own time limit
        raise deadline.exceeded() from None
    except ClientDisconnected:
        deadline.check()
        raise
    deadline.check()


def _too_large(max_bytes: int) -> str:
    if max_bytes >= 2**20:
        return f"The upload is larger than the {max_bytes // 2**20} MB that are accepted."
    return f"The body is larger than the {max_bytes // 1024} kB that are accepted."
