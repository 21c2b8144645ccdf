"""The pictures of a form: which parts are meant, and what to say of those that cannot be."""

import binascii
import codecs
import io
import quopri
import re

from api.errors import Problem
from api.forms.parser import Events, Part, Read, parts, wrong

PICTURE_FIELD = "image"

_LIST = re.compile(r"\[\d*\]$")  # `image[]`, `image[0]`: how some write a field that is repeated
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def read_pictures(read: Read, content_type: str, most: int) -> list[bytes]:
    """The pictures of a form, in their order.

    Args:
        read: gives the next bytes of the body, at most as many as it is asked for.
        content_type: the header, with the boundary.
        most: pictures that are accepted.

    Raises:
        Problem: `invalid_request`, saying what is wrong and what would be right.
    """
    return _Pictures(most).of(parts(read, content_type))


def is_text(data: bytes) -> bool:
    """Whether bytes read as text, which no picture does: UTF-8 without control characters."""
    head = data[:1024]
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return not _CONTROL.search(head)


class _Pictures:
    """Collects the pictures of a form. The first mistake counts; the rest is read all the same."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: list[bytes] = []
        self._mistake: str | None = None

    def of(self, events: Events) -> list[bytes]:
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
        if not self._found and not self._mistake:
            self._mistake = f"The form has no field `{PICTURE_FIELD}` with the picture."
        if self._mistake:
            raise wrong(self._mistake)
        return self._found

    def _wrong_part(self, part: Part) -> str | None:
        name = _LIST.sub("", part.name)
        if not name:
            return f"A part of the form has no name: call it `{PICTURE_FIELD}`."
        if name in ("url", "urls"):
            return 'Addresses are sent as application/json, {"url": …}, not in a form.'
        if name != PICTURE_FIELD:
            return f"The field {part.name!r} is not known: send the picture as `{PICTURE_FIELD}`."
        if len(self._found) == self._most == 1:
            return "One picture is taken here at a time; /api/v1/classify/batch takes several."
        if len(self._found) == self._most:
            return f"At most {self._most} pictures can be sent here at a time."
        return None

    def _end(self, part: Part, data: bytes) -> None:
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
        self._found.append(data)


def _decoded(encoding: str, data: bytes) -> bytes:
    if encoding == "base64":
        return binascii.a2b_base64(b"".join(data.split()), strict_mode=True)
    return quopri.decodestring(data) if encoding == "quoted-printable" else data
