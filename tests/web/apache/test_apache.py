"""The site of web/apache in the real Apache: what it serves, refuses and passes on."""

import json

import pytest
import requests

from tests.web.site import APACHE, RED, Site, apache, solid

pytestmark = pytest.mark.skipif(not APACHE, reason="no apache2 on this machine")

TIMEOUT_S = 30


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, timeout=TIMEOUT_S)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("", "text/html; charset=utf-8"),
        ("css/base.css", "text/css; charset=utf-8"),
        ("js/app.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml; charset=utf-8"),
        ("manifest.webmanifest", "application/manifest+json; charset=utf-8"),
    ],
)
@pytest.mark.parametrize("encoding", ["identity", "gzip", "br"])
def test_files_are_compressed_and_revalidated(
    site: Site, path: str, kind: str, encoding: str
) -> None:
    reply = requests.get(
        site.url + path, headers={"Accept-Encoding": encoding}, timeout=TIMEOUT_S, stream=True
    )
    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == kind
    assert reply.headers.get("Content-Encoding", "identity") == encoding
    assert reply.headers["Cache-Control"] == "no-cache"
    assert reply.headers["Vary"] in ("Accept-Encoding", "")
    again = {"If-None-Match": reply.headers["ETag"], "Accept-Encoding": encoding}
    assert get(site.url + path, **again).status_code == 304


@pytest.mark.parametrize("path", ["", "js/app.js", "nowhere", "apache/dogorcat.conf"])
def test_headers_of_the_page(site: Site, path: str) -> None:
    headers = get(site.url + path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "camera=(self)" in headers["Permissions-Policy"]
    assert headers["Server"] == "Apache"


def test_the_page_is_the_same_without_apache(site: Site) -> None:
    behind, direct = get(site.url), get(f"{site.service}/")
    assert behind.text.replace(site.url, "") == direct.text.replace(f"{site.service}/", "")
    for name in ("Content-Security-Policy", "Permissions-Policy", "X-Content-Type-Options"):
        assert behind.headers[name] == direct.headers[name]


@pytest.mark.parametrize("path", ["apache/dogorcat.conf", "js/", "errors/"])
def test_what_is_not_for_visitors(site: Site, path: str) -> None:
    assert get(site.url + path).status_code in (403, 404)


@pytest.mark.parametrize("path", ["docs", "docs/", "api", "api/", "api/v1", "api/v1/"])
def test_what_people_type_leads_to_the_documentation(site: Site, path: str) -> None:
    reply = requests.get(site.url + path, timeout=TIMEOUT_S)
    assert reply.url == f"{site.url}api/docs"
    assert "swagger-ui" in reply.text


def test_the_first_versions_calls(site: Site) -> None:
    url = f"{site.photos.url}/photo/apache.jpg"
    site.photos.photos["/photo/apache.jpg"] = (200, {}, solid(RED))
    reply = requests.post(site.url, json={"url": url}, timeout=TIMEOUT_S)
    assert reply.json()["prob"] < 0.5
    assert get(f"{site.url}random_image").json()["search_term"] in ("cat", "dog")


@pytest.mark.parametrize("path", ["api/v1/classify", "api/v1/nothing", ""])
def test_too_large_by_its_own_word(site: Site, path: str) -> None:
    """Refused by the header alone, before the body travels."""
    reply = requests.post(
        site.url + path,
        headers={"Content-Length": str(70 << 20), "Connection": "close"},
        data=b"",
        timeout=TIMEOUT_S,
    )
    assert reply.status_code == 413


def test_no_length_no_service(site: Site) -> None:
    chunks = iter([solid(RED)])
    reply = requests.post(f"{site.url}api/v1/classify", data=chunks, timeout=TIMEOUT_S)
    assert reply.status_code == 411
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json()["code"] == "invalid_request"


def test_the_services_own_answers_pass(site: Site) -> None:
    reply = get(f"{site.url}api/v1/models/nobody")
    assert (reply.status_code, reply.json()["code"]) == (404, "model_not_found")
    large = {"image": ("a.jpg", solid(RED) + bytes(11 << 20))}
    reply = requests.post(f"{site.url}api/v1/classify", files=large, timeout=TIMEOUT_S)
    assert (reply.status_code, reply.json()["code"]) == (413, "image_too_large")


def test_the_service_is_down() -> None:
    with apache("http://127.0.0.1:9") as url:
        reply = get(f"{url}api/v1/models")
        assert reply.status_code == 503
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert reply.headers["Retry-After"] == "2"
        assert json.loads(reply.text)["code"] == "not_ready"
        assert get(url).status_code == 200, "the page itself is there"
