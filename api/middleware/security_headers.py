"""Lists the security headers of every answer; `api.middleware.wsgi` adds them."""

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
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": DATA_POLICY,
    "Cache-Control": "no-store",
}
"""Where an answer has not its own."""
SHARED_HEADERS = HEADERS | {"Cross-Origin-Resource-Policy": "cross-origin"}
"""The same where pages of other origins may read the answers (CORS_ORIGINS)."""
