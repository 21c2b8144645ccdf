"""Reads the answer of a stranger's server: a redirect, a web page or a picture, within limits."""

import http.client
import io
from collections.abc import Callable
from dataclasses import dataclass

from common.errors import FetchFailed, ImageTooLarge
from common.fetch.pages import MAX_PAGE_BYTES, looks_like_page

OnBytes = Callable[[int], None]
"""Called with the number of bytes that have arrived, or, negative, that were dropped again."""
_GOOD = {200, 203}
_REDIRECTS = {301, 302, 303, 307, 308}
# Codings that change the bytes (IANA HTTP Content Coding Registry), none of which is asked for.
# Any other value of Content-Encoding (utf-8, none, aws-chunked) is ignored, as browsers do.
_COMPRESSIONS = {
    "br", "compress", "dcb", "dcz", "deflate", "exi", "gzip", "pack200-gzip", "x-compress",
    "x-gzip", "zstd",
}  # fmt: skip
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Redirect:
    """The answer refers to another address."""

    location: str


@dataclass(frozen=True, slots=True)
class Body:
    """What lies at the address."""

    data: bytes
    """All of it; of a web page its beginning."""
    is_page: bool
    """It is a web page."""
    content_type: str
    """As the server says, or empty."""


def read_response(
    response: http.client.HTTPResponse, max_bytes: int, on_bytes: OnBytes
) -> Redirect | Body:
    """Read one answer.

    Args:
        response: its headers are read, its body is not.
        max_bytes: of a body that is not a web page.
        on_bytes: told of the bytes of the body; what it raises ends the reading.

    Raises:
        FetchFailed: a status without a picture, a compressed body, or one that is cut short.
        ImageTooLarge: more than `max_bytes`.
    """
    location = response.getheader("Location")
    if response.status in _REDIRECTS and location is not None:
        # http.client reads headers as Latin-1; what servers write there is UTF-8.
        return Redirect(location.encode("latin-1").decode("utf-8", "replace"))
    if response.status not in _GOOD:
        raise FetchFailed(f"{_refusal(response.status)} (status {response.status}).")
    _check_codings(response)
    return _read_body(response, max_bytes, on_bytes)


def _check_codings(response: http.client.HTTPResponse) -> None:
    """Refuse compressed answers, and make http.client read chunked ones as such.

    Raises:
        FetchFailed: with the coding's name.
    """
    for coding in _list(response, "Content-Encoding"):
        if coding in _COMPRESSIONS:
            raise FetchFailed(
                f"The other server compressed its answer ({coding}), though it was asked not to."
            )
    transfer = {coding.partition(";")[0].strip() for coding in _list(response, "Transfer-Encoding")}
    if transfer - {"chunked", "identity"}:
        raise FetchFailed("The other server sent its answer in an unknown transfer coding.")
    if "chunked" in transfer and not response.chunked:  # http.client knows the bare word only
        response.chunked, response.chunk_left, response.length = True, None, None


def _list(response: http.client.HTTPResponse, header: str) -> list[str]:
    """The comma-separated values of a header, in lower case."""
    values = (response.getheader(header) or "").lower().split(",")
    return [value.strip(" \t\"'") for value in values if value.strip()]


def _read_body(response: http.client.HTTPResponse, max_bytes: int, on_bytes: OnBytes) -> Body:
    content_type, expected = response.getheader("Content-Type") or "", response.length or 0
    if expected > max_bytes and "html" not in content_type.lower():
        raise _too_large(max_bytes)
    body = io.BytesIO()

    def read(size: int) -> bytes:
        chunk = response.read(size)
        on_bytes(len(chunk))
        body.write(chunk)
        return chunk

    try:
        is_page = looks_like_page(read(min(_CHUNK, max_bytes + 1)), content_type)
        limit = MAX_PAGE_BYTES if is_page else max_bytes + 1
        while (left := limit - body.tell()) > 0 and read(min(_CHUNK, left)):
            pass
        if not is_page and body.tell() > max_bytes:
            raise _too_large(max_bytes)
        # http.client takes an answer that ends within its headers for one without a body.
        if body.tell() < min(max(expected, 1), limit):
            raise FetchFailed("The other server broke off before the picture was complete.")
    except BaseException:
        on_bytes(-body.tell())
        raise
    return Body(body.getvalue(), is_page, content_type)


def _refusal(status: int) -> str:
    if status in (401, 403, 451):
        return "The other server does not give this picture to us"
    if status in (404, 410):
        return "The other server does not have this picture"
    if status == 429:
        return "The other server has been asked too often"
    if status >= 500:
        return "The other server has a fault of its own"
    return "The other server has no picture at this address"


def _too_large(max_bytes: int) -> ImageTooLarge:
    limit = round(max_bytes / 2**20, 1)
    return ImageTooLarge(f"The picture at this address is larger than {limit:g} MB.")
