"""Lets pages of other origins read the API (CORS_ORIGINS); origins match exactly."""

import re
from collections.abc import Collection

import ada_url
from flask import Flask, Response, request

SHARED = "/api/"
"""What other origins may read lies below; the page and what operators ask do not."""
EXPOSED = ", ".join(
    ("ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "Server-Timing", "X-Request-Id")
)
PREFLIGHT_S = 600
ANY = "*"

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
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


def register(app: Flask, origins: Collection[str]) -> None:
    """Put the headers of CORS on the answers of `app`, errors included.

    There are no cookies and so no credentials to protect; a request may bring any header, since the
    API does nothing with those that it does not know.
    """
    allowed = frozenset(origins)
    if not allowed:
        return

    @app.after_request
    def share(response: Response) -> Response:
        if not request.path.startswith(SHARED):
            return response
        origin = ANY if ANY in allowed else request.headers.get("Origin", "")
        headers = response.headers
        if ANY not in allowed:
            response.vary.add("Origin")
        if origin not in allowed:
            return response
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = EXPOSED
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            asked = request.headers.get("Access-Control-Request-Headers", "")
            names = [
                name for name in map(str.strip, asked.split(",")) if _HEADER_NAME.fullmatch(name)
            ]
            headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST"
            headers["Access-Control-Allow-Headers"] = ", ".join(names[:64]) or "Content-Type"
            headers["Access-Control-Max-Age"] = str(PREFLIGHT_S)
        return response
