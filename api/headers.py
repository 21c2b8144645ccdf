"""Security headers of every answer, and what other origins may ask (CORS_ORIGINS)."""

from flask import Flask, Response, request
from flask_cors import CORS

from api.settings import Settings

# The page needs nothing from anywhere else, and nobody may put it into a frame.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
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
EXPOSED = ("RateLimit", "RateLimit-Policy", "Retry-After", "Server-Timing", "X-Request-Id")


def register(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer of `app`, errors included."""
    origins = list(settings.cors_origins)

    @app.after_request
    def add(response: Response) -> Response:
        there = {name.lower() for name, _ in response.headers}  # once: each look-up walks them all
        for name, value in HEADERS.items():
            if name.lower() not in there:
                response.headers.add(name, value)
        if RESOURCE_POLICY.lower() not in there:
            shared = origins and request.path.startswith("/api/")
            response.headers.add(RESOURCE_POLICY, "cross-origin" if shared else "same-origin")
        return response

    if origins:
        CORS(
            app,
            resources={"/api/*": {"origins": "*" if "*" in origins else origins}},
            methods=["GET", "POST"],
            allow_headers=["Content-Type", "X-API-Key", "X-Request-Id", "Authorization"],
            expose_headers=list(EXPOSED),
            max_age=600,
        )
