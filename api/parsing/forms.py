"""Parses multipart forms (RFC 7578), in every dialect that clients in use write.

Almost all forms have CR LF line ends and go through `multipart`, which is quick. Those that have
others, or blanks after their boundaries, go through Werkzeug's decoder, which takes these.
"""

import binascii
import codecs
import io
import quopri
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from multipart import MultipartError, MultipartSegment, PushMultipartParser
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio import multipart as lenient

from api.errors import Problem

PICTURE_FIELD = "image"
MAX_PARTS = 64
STEP_BYTES = 256 * 1024
"""Read at a time. gunicorn copies what is left of what it has received after each piece."""
_MAX_HEADERS, _MAX_HEADER_BYTES = 32, 16 * 1024
_MAX_HEAD_BYTES = 2 * STEP_BYTES
"""Of a preamble or of a part's headers, where the decoder has no limit of its own."""
_TEXT_BYTES = 1024
"""Of a field of text that are looked at."""

_BOUNDARY = re.compile(r';\s*boundary\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))', re.IGNORECASE)
_LIST = re.compile(r"\[\d*\]$")  # `image[]`, `image[0]`: how some write a field that is repeated
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")

Read = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Form:
    """What a form holds."""

    pictures: list[bytes] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    """field -> its text"""


@dataclass(frozen=True, slots=True)
class _Part:
    """The headers of a part, as far as they matter: file names are never looked at."""

    name: str
    """Empty where it has none."""
    is_file: bool
    """Whether it calls itself a file, by a file name or by a type that is not text."""
    encoding: str
    """Content-Transfer-Encoding, in small letters."""


_Events = Iterator[_Part | bytes | None]
"""A part's headers, its bytes in any number of pieces, None at its end; then the next part."""


def read_pictures(read: Read, content_type: str, most: int) -> list[bytes]:
    """The pictures of a form that holds nothing else, in their order.

    Args:
        read: gives the next bytes of the body, at most as many as it is asked for.
        content_type: the header, with the boundary.
        most: pictures that are accepted; at least one must be there.

    Raises:
        Problem: `invalid_request`, saying what is wrong and what would be right.
    """
    found = read_form(read, content_type, most).pictures
    if not found:
        raise _wrong(f"The form has no field `{PICTURE_FIELD}` with the picture.")
    return found


def read_form(read: Read, content_type: str, most: int, texts: Collection[str] = ()) -> Form:
    """The pictures and texts of a form; the rest as `read_pictures`.

    Args:
        texts: names of the fields of text that are accepted, each once.
    """
    form = Form()
    part, data = _Part("", False, ""), io.BytesIO()
    for event in _events(read, content_type):
        if isinstance(event, _Part):
            # One block goes back to the system once it is free; hundreds of pieces would not.
            part, data = event, io.BytesIO()
            _check(part, form, most, texts)
        elif event is not None:
            data.write(event)
        elif part.name in texts:
            text = data.getvalue()[:_TEXT_BYTES].decode(errors="replace")
            form.texts[part.name] = text.strip()
        else:
            form.pictures.append(_picture(part, data.getvalue()))
    return form


def is_text(data: bytes) -> bool:
    """Whether bytes read as text, which no picture does: UTF-8 without control characters."""
    head = data[:1024]
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return not _CONTROL.search(head)


def _check(part: _Part, form: Form, most: int, texts: Collection[str]) -> None:
    """Refuse a part that has no place besides those that are in the form already."""
    name = _LIST.sub("", part.name)
    if not name:
        raise _wrong(f"A part of the form has no name: call it `{PICTURE_FIELD}`.")
    if name in ("url", "urls"):
        raise _wrong('Addresses are sent as application/json, {"url": …}, not in a form.')
    if part.name in form.texts:
        raise _wrong(f"The field {part.name!r} is given more than once.")
    if name == PICTURE_FIELD and len(form.pictures) == most == 1:
        raise _wrong("One picture is taken here at a time; /api/v1/classify/batch takes several.")
    if name == PICTURE_FIELD and len(form.pictures) == most:
        raise _wrong(f"At most {most} pictures can be sent here at a time.")
    if name != PICTURE_FIELD and part.name not in texts:
        known = "".join(f", `{text}` as text" for text in texts)
        raise _wrong(
            f"The field {part.name!r} is not known: send the picture as `{PICTURE_FIELD}`{known}."
        )


def _picture(part: _Part, data: bytes) -> bytes:
    if not is_text(data):
        return data
    try:
        if part.encoding == "base64":
            data = binascii.a2b_base64(b"".join(data.split()), strict_mode=True)
        elif part.encoding == "quoted-printable":
            data = quopri.decodestring(data)
    except ValueError:
        raise _wrong("A part of the form is not the base64 that its header promises.") from None
    if is_text(data) and not part.is_file:
        raise _wrong(
            f"The field `{PICTURE_FIELD}` holds text and no file. Attach a file (curl: -F "
            f'{PICTURE_FIELD}=@photo.jpg), or send application/json: {{"url": …}} or '
            '{"image": "<base64>"}.'
        )
    return data


def _events(read: Read, content_type: str) -> _Events:
    """The parts of a form as they are read."""
    boundary = _boundary(content_type)
    if not boundary:
        raise _wrong(
            "The header Content-Type names no boundary. Leave that header out: your HTTP library "
            "writes it, with the boundary."
        )
    head = _head(read, boundary)
    if not head:
        raise _wrong("The body is empty: it should be a form with a picture.")
    if b"--" + boundary not in head:
        raise _wrong(
            f"The boundary {boundary.decode('latin-1')!r} that Content-Type names is not in the "
            "body. Leave that header out: your HTTP library writes it."
        )
    chunks = chain((head,), iter(lambda: read(STEP_BYTES), b""))
    return (_strict if _is_plain(head, boundary) else _lenient)(chunks, boundary)


def _wrong(detail: str) -> Problem:
    return Problem("invalid_request", detail)


def _strict(chunks: Iterable[bytes], boundary: bytes) -> _Events:
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


def _part(segment: MultipartSegment) -> _Part:
    kind = segment.content_type or "text/plain"
    return _Part(
        name=(segment.name or "").encode("latin-1", "replace").decode("utf-8", "replace"),
        is_file=segment.filename is not None or not kind.startswith("text/"),
        encoding=(segment.header("Content-Transfer-Encoding") or "").strip().lower(),
    )


def _lenient(chunks: Iterable[bytes], boundary: bytes) -> _Events:
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


def _as_events(event: lenient.Event) -> _Events:
    if isinstance(event, lenient.File | lenient.Field):
        headers = event.headers
        kind = headers.get("Content-Type", "text/plain").lower()
        yield _Part(
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
    return _wrong(f"The form ends before its last line, '--{boundary.decode('latin-1')}--'.")


def _malformed() -> Problem:
    return _wrong(
        "A part of the form is malformed: it needs the header `Content-Disposition: form-data; "
        'name="image"`, and a Content-Length, if it has one, that is true.'
    )
