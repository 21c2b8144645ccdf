"""A multipart body as events: each part's headers, its bytes, its end. Knows nothing of pictures.

Almost all forms have CR LF line ends and go through `multipart`, which is quick. Those that have
others, or blanks after their boundaries, go through Werkzeug's decoder, which takes these.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from multipart import MultipartError, MultipartSegment, PushMultipartParser
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio import multipart as lenient

from api.errors import Problem

MAX_PARTS = 64
STEP_BYTES = 256 * 1024
"""Read at a time. gunicorn copies what is left of what it has received after each piece."""
_MAX_HEADERS, _MAX_HEADER_BYTES = 32, 16 * 1024
_MAX_HEAD_BYTES = 2 * STEP_BYTES
"""Of a preamble or of a part's headers, where the decoder has no limit of its own."""

_BOUNDARY = re.compile(r';\s*boundary\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))', re.IGNORECASE)

Read = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Part:
    """The headers of a part, as far as they matter: file names are never looked at."""

    name: str
    """Empty where it has none."""
    is_file: bool
    """Whether it calls itself a file, by a file name or by a type that is not text."""
    encoding: str
    """Content-Transfer-Encoding, in small letters."""


Events = Iterator[Part | bytes | None]
"""A part's headers, its bytes in any number of pieces, None at its end; then the next part."""


def parts(read: Read, content_type: str) -> Events:
    """The parts of a form as they are read.

    Args:
        read: gives the next bytes of the body, at most as many as it is asked for.
        content_type: the header, with the boundary.

    Raises:
        Problem: `invalid_request`, saying what is wrong with the form.
    """
    boundary = _boundary(content_type)
    if not boundary:
        raise wrong(
            "The header Content-Type names no boundary. Leave that header out: your HTTP library "
            "writes it, with the boundary."
        )
    head = _head(read, boundary)
    if not head:
        raise wrong("The body is empty: it should be a form with a picture.")
    if b"--" + boundary not in head:
        raise wrong(
            f"The boundary {boundary.decode('latin-1')!r} that Content-Type names is not in the "
            "body. Leave that header out: your HTTP library writes it."
        )
    chunks = chain((head,), iter(lambda: read(STEP_BYTES), b""))
    return (_strict if _is_plain(head, boundary) else _lenient)(chunks, boundary)


def wrong(detail: str) -> Problem:
    """A form that cannot be taken."""
    return Problem("invalid_request", detail)


def _strict(chunks: Iterable[bytes], boundary: bytes) -> Events:
    parser = PushMultipartParser(
        boundary,
        max_segment_count=MAX_PARTS,
        max_header_count=_MAX_HEADERS,
        max_header_size=_MAX_HEADER_BYTES,
        header_charset="latin-1",  # takes any bytes: names may be in any encoding
    )
    ended = False
    try:
        for chunk in chunks:
            for event in parser.parse(chunk):
                yield _part(event) if isinstance(event, MultipartSegment) else event
        ended = True
        parser.close()
    except MultipartError as error:
        # The parser keeps its error, which would keep the parser and all that was read.
        error.__traceback__ = None
    else:
        return
    raise _too_short(boundary) if ended else _malformed()


def _part(segment: MultipartSegment) -> Part:
    kind = segment.content_type or "text/plain"
    return Part(
        name=(segment.name or "").encode("latin-1", "replace").decode("utf-8", "replace"),
        is_file=segment.filename is not None or not kind.startswith("text/"),
        encoding=(segment.header("Content-Transfer-Encoding") or "").strip().lower(),
    )


def _lenient(chunks: Iterable[bytes], boundary: bytes) -> Events:
    decoder = lenient.MultipartDecoder(boundary, max_parts=MAX_PARTS)
    in_headers = (lenient.State.PREAMBLE, lenient.State.PART)
    try:
        for chunk in chunks:
            decoder.receive_data(chunk)
            while not isinstance(event := decoder.next_event(), lenient.NeedData):
                yield from _as_events(event)
            if decoder.state in in_headers and len(decoder.buffer) > _MAX_HEAD_BYTES:
                raise _malformed()
    except (ValueError, RequestEntityTooLarge):
        raise _malformed() from None
    if decoder.state is not lenient.State.EPILOGUE:
        raise _too_short(boundary)


def _as_events(event: lenient.Event) -> Events:
    if isinstance(event, lenient.File | lenient.Field):
        headers = event.headers
        kind = headers.get("Content-Type", "text/plain").lower()
        yield Part(
            name=event.name or "",
            is_file=isinstance(event, lenient.File) or not kind.startswith("text/"),
            encoding=headers.get("Content-Transfer-Encoding", "").strip().lower(),
        )
    elif isinstance(event, lenient.Data):
        yield event.data
        if not event.more_data:
            yield None


def _boundary(content_type: str) -> bytes:
    match = _BOUNDARY.search(content_type)
    if not match:
        return b""
    quoted, bare = match.groups()
    text: str = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare.strip()
    return text.encode("latin-1", "replace")


def _head(read: Read, boundary: bytes) -> bytes:
    """The beginning of the body, with the first boundary and its line end if that is in there."""
    head = b""
    while len(head) < STEP_BYTES:
        at = head.find(b"--" + boundary)
        if 0 <= at <= len(head) - len(boundary) - 4:
            break
        chunk = read(STEP_BYTES)
        if not chunk:
            break
        head += chunk
    return head


def _is_plain(head: bytes, boundary: bytes) -> bool:
    at = head.find(b"--" + boundary)
    after = head[at + len(boundary) + 2 :]
    return (at == 0 or head[at - 2 : at] == b"\r\n") and after.startswith((b"\r\n", b"--"))


def _too_short(boundary: bytes) -> Problem:
    return wrong(f"The form ends before its last line, '--{boundary.decode('latin-1')}--'.")


def _malformed() -> Problem:
    return wrong(
        "A part of the form is malformed: it needs the header `Content-Disposition: form-data; "
        'name="image"`, and a Content-Length, if it has one, that is true.'
    )
