"""What CORS_ORIGINS may hold: each origin exactly as browsers send it, since it is compared so."""

import re

import ada_url

ANY = "*"

_HOST = re.compile(r"(?:[a-z0-9_-]+\.)*[a-z0-9_-]+\.?|\[[0-9a-f:.]+\]")
# Origins of apps and browser extensions, such as `capacitor://localhost`.
_APP = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://[a-z0-9_.-]+(?::\d{1,5})?")
_NO_ORIGIN = {"about", "blob", "data", "file", "ftp", "javascript", "ws", "wss"}
"""Schemes whose pages browsers call `null`, or that have no pages."""


def origin(value: str) -> str:
    """Check one origin of CORS_ORIGINS: `https://app.example.org`, or `*` for all.

    Raises:
        ValueError: what is wrong with it, and the right form where there is one.
    """
    if value == ANY:
        return value
    if "*" in value:
        raise ValueError("has a wildcard: name each origin, or `*` alone for all")
    if value.lower() == "null":
        raise ValueError("would let in every sandboxed frame and local file")
    if "://" not in value:
        raise ValueError("is no origin; one looks like `https://app.example.org`")
    app = _APP.fullmatch(value)
    if app and app["scheme"] not in {"http", "https", *_NO_ORIGIN}:
        return value
    sent = _as_sent(value)
    if sent is None:
        raise ValueError("is no origin; one looks like `https://app.example.org`")
    if sent != value:
        raise ValueError(f"never matches: browsers send `{sent}`")
    return value


def _as_sent(value: str) -> str | None:
    """The origin of a page at this http(s) address, as WHATWG's URL standard writes it."""
    try:
        url = ada_url.URL(value)
    except ValueError:
        return None
    is_web = url.protocol in {"http:", "https:"}
    return url.origin if is_web and _HOST.fullmatch(url.hostname) else None
