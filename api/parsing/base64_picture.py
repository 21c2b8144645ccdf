"""Decodes a picture that JSON carries as text: base64 of either alphabet, or a `data:` address."""

import binascii
from urllib.parse import unquote, unquote_to_bytes

from api.errors import Problem

_ALPHABET = str.maketrans("-_", "+/", "=")  # the URL-safe one becomes the usual; padding is ours


def decode(text: str) -> bytes:
    """The bytes of the file.

    Args:
        text: base64, with or without padding and line ends; or `data:image/png;base64,…`.

    Raises:
        Problem: `invalid_request`.
    """
    if text[:5].lower() == "data:":
        head, comma, text = text.partition(",")
        if not comma:
            raise _wrong("is a `data:` address without a comma and what follows it")
        if not head.lower().rstrip().endswith(";base64"):
            return unquote_to_bytes(text)
        text = unquote(text)
    elif text[:8].lower().startswith(("http://", "https://")):
        raise _wrong('takes the file in base64; a link goes into `url`: {"url": …}')
    digits = "".join(text.split()).translate(_ALPHABET)
    try:
        data = binascii.a2b_base64(digits + "=" * (-len(digits) % 4), strict_mode=True)
    except ValueError:
        raise _wrong("is neither base64 nor a `data:` address") from None
    if not data:
        raise _wrong("is empty")
    return data


def _wrong(what: str) -> Problem:
    return Problem("invalid_request", f"The member 'image' {what}.")
