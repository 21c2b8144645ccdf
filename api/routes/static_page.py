"""The page, so that a newcomer needs no Apache: the files of web/, with their security headers."""

from flask import Blueprint, Response, request, send_from_directory
from markupsafe import escape

from api.middleware.security_headers import PAGE_POLICY
from api.openapi import Tag, documented
from api.routes.endpoint import revalidated
from api.settings import ROOT

WEB = ROOT / "web"

HTML = {
    "text/html; charset=utf-8": {
        "schema": {"type": "string"},
        "examples": {"page": {"summary": "The page", "value": "<!doctype html>…"}},
    }
}

LINK_PICTURE = "icons/link.png"
"""What previews of links show; they want its whole address."""

page = Blueprint("page", __name__)


def _show(path: str) -> Response:
    """A file of the page; revalidated on every visit, since its name carries no version."""
    return _with_headers(send_from_directory(WEB, path))


def _with_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    response.headers["Cache-Control"] = "no-cache"
    return response


@page.get("/")
@documented(
    name="page",
    tag=Tag.PAGE,
    answered="The page.",
    answer=HTML,
    counted=False,
    revalidated=True,
)
def index() -> Response:
    """Show the page.

    For people: what this service answers, without a line of code.
    """
    html = (WEB / "index.html").read_text(encoding="utf-8")
    there, whole = f'content="{LINK_PICTURE}"', escape(f"{request.host_url}{LINK_PICTURE}")
    return revalidated(_with_headers(Response(html.replace(there, f'content="{whole}"'))))


def _files() -> list[str]:
    """The files a browser may ask for, by path; how Apache is set up is none of them."""
    found = (file.relative_to(WEB) for file in sorted(WEB.rglob("*")) if file.is_file())
    return [str(path) for path in found if path.parts[0] != "apache"]


# One rule for each file: a path that is none of them is unknown, whatever the method.
for _path in _files():
    page.add_url_rule(f"/{_path}", "show", _show, defaults={"path": _path})
