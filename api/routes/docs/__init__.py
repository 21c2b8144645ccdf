"""The API's documentation: OpenAPI, Swagger UI to try it, and the quickstart."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import flask_swagger_ui
from flask import Blueprint, Flask, Response, render_template, send_from_directory

from api.errors import Problem
from api.middleware.security_headers import DOCS_POLICY
from api.openapi.responses import EXAMPLES
from api.routes.endpoint import revalidated

HERE = Path(__file__).parent
# Installed with its package, served from here: no visitor's browser asks a third party.
SWAGGER_UI = Path(flask_swagger_ui.__file__).parent / "dist"
ASSETS = {
    "swagger-ui.css": SWAGGER_UI,
    "swagger-ui-bundle.js": SWAGGER_UI,
    "favicon-32x32.png": SWAGGER_UI,
    "start.js": HERE / "static",
    "quickstart.js": HERE / "static",
    "docs.css": HERE / "static",
}
# Where people look for the documentation.
OTHER_PATHS = ("/docs", "/api", "/api/v1", "/api/v1/docs")
OTHER_PATHS_OF_OPENAPI = ("/openapi.json", "/api/v1/openapi.json")

docs = Blueprint("docs", __name__, template_folder="templates")


@dataclass(frozen=True)
class Snippet:
    """The first call in one language."""

    id: str
    title: str
    file: str

    @property
    def code(self) -> str:
        return (HERE / "snippets" / self.file).read_text(encoding="utf-8").rstrip()


SNIPPETS = (
    Snippet("curl", "curl", "curl.sh"),
    Snippet("python", "Python", "python.py"),
    Snippet("javascript", "JavaScript", "javascript.mjs"),
    Snippet("php", "PHP", "php.php"),
)


def register(app: Flask, document: Mapping[str, Any]) -> None:
    """Serve an OpenAPI document, and the pages beside it."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))

    @app.get("/api/openapi.json")
    def openapi() -> Response:
        return revalidated(Response(text, content_type="application/json"))

    app.register_blueprint(docs)


@docs.get("/api/docs")
def swagger() -> Response:
    """Swagger UI."""
    return _with_headers(Response(render_template("swagger.html")))


@docs.get("/api/quickstart")
def quickstart() -> Response:
    """The first call in several languages."""
    return _with_headers(Response(_quickstart()))


@docs.get("/api/docs/<asset>")
def asset(asset: str) -> Response:
    """A file of these pages: their policy allows no script and no style within them."""
    if asset not in ASSETS:
        raise Problem("not_found", "There is no such file.")
    return _with_headers(send_from_directory(ASSETS[asset], asset))


@cache
def _quickstart() -> str:
    answer = json.dumps(EXAMPLES["models"]["Result"]["dog"]["value"], indent=2)
    return render_template("quickstart.html", snippets=SNIPPETS, answer=answer)


def _with_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = DOCS_POLICY
    response.headers["Cache-Control"] = "no-cache"
    return response


def _to_docs() -> Response:
    return Response(status=302, headers={"Location": "/api/docs"})


def _to_openapi() -> Response:
    return Response(status=302, headers={"Location": "/api/openapi.json"})


for _path in OTHER_PATHS:
    docs.add_url_rule(_path, view_func=_to_docs, strict_slashes=False)
for _path in OTHER_PATHS_OF_OPENAPI:
    docs.add_url_rule(_path, view_func=_to_openapi)
