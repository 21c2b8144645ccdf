"""GET /api/openapi.json and /api/docs: the description of the API, and Swagger UI to try it."""

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response, current_app, request, send_from_directory
from werkzeug.exceptions import NotFound

from api import openapi
from api.middleware.security_headers import DOCS_POLICY

# Installed with its package, served from here: no visitor's browser asks a third party.
SWAGGER_UI = Path(flask_swagger_ui.__file__).parent / "dist"
ASSETS = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>dogorcat API</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</html>
"""
START = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  tryItOutEnabled: true,
});
"""

docs = Blueprint("docs", __name__, url_prefix="/api")


@docs.get("/openapi.json")
def document() -> Response:
    """The OpenAPI document; it changes only with the service."""
    response = Response(
        openapi.as_json(current_app.extensions["openapi"]), content_type="application/json"
    )
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]


@docs.get("/docs")
def page() -> Response:
    """Swagger UI."""
    return _served(Response(PAGE, content_type="text/html; charset=utf-8"))


@docs.get("/docs/start.js")
def start() -> Response:
    """What starts Swagger UI: a file, since the page's policy allows no script within it."""
    return _served(Response(START, content_type="text/javascript; charset=utf-8"))


@docs.get("/docs/<asset>")
def asset(asset: str) -> Response:
    """A file of Swagger UI."""
    if asset not in ASSETS:
        raise NotFound
    return _served(send_from_directory(SWAGGER_UI, asset))


def _served(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = DOCS_POLICY
    response.headers["Cache-Control"] = "no-cache"
    return response
