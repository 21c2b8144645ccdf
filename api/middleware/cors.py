"""What pages of other origins may do with the API (CORS_ORIGINS). Origins are compared exactly."""

import re

from flask import Flask, Response, request

from api.origins import ANY
from api.settings import Settings

SHARED = "/api/"
"""What other origins may read lies below; the page and what operators ask do not."""
EXPOSED = ", ".join(
    ("ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "Server-Timing", "X-Request-Id")
)
PREFLIGHT_S = 600

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")


def register(app: Flask, settings: Settings) -> None:
    """Put the headers of CORS on the answers of `app`, errors included.

    There are no cookies and so no credentials to protect; a request may bring any header, since the
    API does nothing with those that it does not know.
    """
    allowed = frozenset(settings.cors_origins)
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
            names = [name for name in map(str.strip, asked.split(",")) if _NAME.fullmatch(name)]
            headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST"
            headers["Access-Control-Allow-Headers"] = ", ".join(names[:64]) or "Content-Type"
            headers["Access-Control-Max-Age"] = str(PREFLIGHT_S)
        return response
