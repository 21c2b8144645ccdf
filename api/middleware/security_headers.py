"""Security headers of every answer."""

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask

from api.middleware.cors import SHARED
from api.settings import Settings

# The page needs nothing from anywhere else, and nobody may put it into a frame.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# Swagger UI writes styles into its elements and draws its icons from data: addresses.
DOCS_POLICY = PAGE_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
# An answer of the API is data: whoever opens it as a page gets one that can do nothing.
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": DATA_POLICY,
    "Cache-Control": "no-store",
}
"""Where an answer has not its own."""
RESOURCE_POLICY = "Cross-Origin-Resource-Policy"


def register(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer of `app`, errors included."""
    shared = bool(settings.cors_origins)
    app.wsgi_app = _Headers(app.wsgi_app, shared)  # type: ignore[method-assign]


class _Headers:
    """WSGI middleware: all at once, where Flask would check and add one after the other."""

    def __init__(self, application: WSGIApplication, shared: bool) -> None:
        self._application = application
        self._shared = shared

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        shared = self._shared and environ.get("PATH_INFO", "").startswith(SHARED)
        policy = "cross-origin" if shared else "same-origin"

        def start(status: str, fields: list[tuple[str, str]], *error: Any) -> Any:
            there = {name.lower() for name, _ in fields}
            missing = {**HEADERS, RESOURCE_POLICY: policy}
            fields += [one for one in missing.items() if one[0].lower() not in there]
            return start_response(status, fields, *error)

        return self._application(environ, start)
