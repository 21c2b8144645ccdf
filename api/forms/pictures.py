"""The pictures of a form: which parts are meant, and what to say of those that cannot be."""

import binascii
import codecs
import io
import quopri
import re
from collections.abc import Collection
from dataclasses import dataclass

from api.errors import Problem
from api.forms.parser import Events, Part, Read, parts, wrong

PICTURE_FIELD = "image"

_TEXT_BYTES = 1024
"""Of a field of text that are looked at."""
_LIST = re.compile(r"\[\d*\]$")  # `image[]`, `image[0]`: how some write a field that is repeated
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Form:
    """What a form holds."""

    pictures: list[bytes]
    texts: dict[str, str]
    """field -> its text"""


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
        raise wrong(f"The form has no field `{PICTURE_FIELD}` with the picture.")
    return found


def read_form(read: Read, content_type: str, most: int, texts: Collection[str] = ()) -> Form:
    """The pictures and texts of a form.

    Args:
        read: as `read_pictures`.
        content_type: as `read_pictures`.
        most: pictures that are accepted.
        texts: names of the fields of text that are accepted, each once.

    Raises:
        Problem: as `read_pictures`.
    """
    return _Reader(most, texts).of(parts(read, content_type))


def is_text(data: bytes) -> bool:
    """Whether bytes read as text, which no picture does: UTF-8 without control characters."""
    head = data[:1024]
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return not _CONTROL.search(head)


class _Reader:
    """Collects what is in a form. The first mistake counts; the rest is read all the same."""

    def __init__(self, most: int, texts: Collection[str]) -> None:
        self._most = most
        self._texts = texts
        self._form = Form([], {})
        self._mistake: str | None = None

    def of(self, events: Events) -> Form:
        # As one block, which goes back to the system: hundreds of pieces would stay in the heap.
        part, data = Part("", False, ""), io.BytesIO()
        try:
            for event in events:
                if isinstance(event, Part):
                    part, data = event, io.BytesIO()
                    self._mistake = self._mistake or self._wrong_part(part)
                elif self._mistake:
                    continue
                elif event is None:
                    self._end(part, data.getvalue())
                else:
                    data.write(event)
        except Problem:
            if not self._mistake:
                raise
        if self._mistake:
            raise wrong(self._mistake)
        return self._form

    def _wrong_part(self, part: Part) -> str | None:
        name = _LIST.sub("", part.name)
        if not name:
            return f"A part of the form has no name: call it `{PICTURE_FIELD}`."
        if part.name in self._texts:
            again = part.name in self._form.texts
            return f"The field {part.name!r} is given more than once." if again else None
        if name in ("url", "urls"):
            return 'Addresses are sent as application/json, {"url": …}, not in a form.'
        if name != PICTURE_FIELD:
            known = "".join(f", `{text}` as text" for text in self._texts)
            return (
                f"The field {part.name!r} is not known: send the picture as `{PICTURE_FIELD}`"
                f"{known}."
            )
        if len(self._form.pictures) == self._most == 1:
            return "One picture is taken here at a time; /api/v1/classify/batch takes several."
        if len(self._form.pictures) == self._most:
            return f"At most {self._most} pictures can be sent here at a time."
        return None

    def _end(self, part: Part, data: bytes) -> None:
        if part.name in self._texts:
            self._form.texts[part.name] = data[:_TEXT_BYTES].decode(errors="replace").strip()
            return
        if is_text(data):  # which a picture is not
            try:
                data = _decoded(part.encoding, data)
            except ValueError:
                self._mistake = "A part of the form is not the base64 that its header promises."
                return
            if is_text(data) and not part.is_file:
                self._mistake = (
                    f"The field `{PICTURE_FIELD}` holds text and no file. Attach a file "
                    f"(curl: -F {PICTURE_FIELD}=@photo.jpg), or send application/json: "
                    '{"url": …} or {"image": "<base64>"}.'
                )
                return
        self._form.pictures.append(data)


def _decoded(encoding: str, data: bytes) -> bytes:
    if encoding == "base64":
        return binascii.a2b_base64(b"".join(data.split()), strict_mode=True)
    return quopri.decodestring(data) if encoding == "quoted-printable" else data
