"""Apache before a service on a Unix socket, as docs/operations.md sets it up, and before TLS."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from support.colour_model import write_colour_model
from support.running import GUNICORN, PATIENCE_S, ROOT, environment, free_port
from tests.web.site import APACHE, RED, apache, solid

pytestmark = pytest.mark.skipif(not APACHE, reason="no apache2 on this machine")

TIMEOUT_S = 60
READING = "header=2 body=2,MinRate=1000"


def address(folder: Path) -> str:
    """What Apache calls the service of that folder."""
    return f"unix:{folder}/sockets/api.sock|http://localhost"


@contextmanager
def service(folder: Path, **settings: object) -> Iterator[str]:
    """A service on a Unix socket that Apache's user may open; yields what Apache calls it."""
    models = folder / "models"
    if not models.exists():
        write_colour_model(models / "cat_dog")
    sockets = folder / "sockets"
    sockets.mkdir(exist_ok=True)
    for parent in (sockets, *sockets.parents):
        if os.access(parent, os.W_OK) and parent.stat().st_uid == os.getuid():
            parent.chmod(parent.stat().st_mode | 0o011)
    path = sockets / "api.sock"
    env = environment(
        MODEL_DIR=models, HOST=f"unix:{path}", WEB_CONCURRENCY=1, TRUSTED_PROXIES=1, **settings
    )
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(GUNICORN, cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        yield address(folder)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def classify(url: str, **headers: str) -> requests.Response:
    return requests.post(
        f"{url}api/v1/classify", files={"image": solid(RED)}, headers=headers, timeout=TIMEOUT_S
    )


def when_ready(url: str) -> requests.Response:
    """The first answer that is the service's own."""
    end = time.monotonic() + TIMEOUT_S
    while (reply := classify(url)).status_code == 503:
        assert time.monotonic() < end, reply.text
        time.sleep(0.1)
    return reply


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with (
        service(tmp_path_factory.mktemp("socket"), RATE_LIMIT="100000/minute") as api,
        apache(api, READING=READING) as url,
    ):
        when_ready(url)
        yield url


def test_the_page_and_the_api(site: str) -> None:
    assert "dogorcat" in requests.get(site, timeout=TIMEOUT_S).text
    reply = classify(site, **{"X-Request-Id": "through-apache"})
    assert reply.json()["verdict"] == "cat"
    assert reply.headers["X-Request-Id"] == "through-apache"
    assert "Server-Timing" in reply.headers


def test_the_first_versions_calls(site: str) -> None:
    """They reach the service: it refuses an address of this machine, and has no photos."""
    reply = requests.post(site, json={"url": "http://127.0.0.1/"}, timeout=TIMEOUT_S)
    assert (reply.status_code, reply.json()["code"]) == (400, "url_not_allowed")
    reply = requests.get(f"{site}random_image", timeout=TIMEOUT_S)
    assert reply.headers["X-Request-Id"]


@pytest.mark.parametrize("path", ["healthz", "readyz", "metrics"])
def test_operations_are_not_public(site: str, path: str) -> None:
    assert requests.get(site + path, timeout=TIMEOUT_S).status_code == 404


@pytest.mark.parametrize("encoding", ["identity", "gzip", "br"])
def test_what_the_api_lets_be_kept_is_revalidated(site: str, encoding: str) -> None:
    url, headers = f"{site}api/v1/models", {"Accept-Encoding": encoding}
    first = requests.get(url, headers=headers, timeout=TIMEOUT_S)
    assert first.headers.get("Content-Encoding", "identity") == encoding
    headers["If-None-Match"] = first.headers["ETag"]
    assert requests.get(url, headers=headers, timeout=TIMEOUT_S).status_code == 304


def test_too_slow(site: str) -> None:
    host, port = site.removeprefix("http://").rstrip("/").split(":")
    with socket.create_connection((host, int(port)), TIMEOUT_S) as client:
        client.sendall(
            b"POST /api/v1/classify HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\n"
            b"Content-Length: 100000\r\n\r\nslowly"
        )
        answer = b""
        while chunk := client.recv(4096):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer
    assert b"too slowly" in answer
    assert classify(site).ok


def test_nobody_pretends_to_be_someone_else(tmp_path: Path) -> None:
    with service(tmp_path, RATE_LIMIT="3 per hour") as api, apache(api) as url:
        when_ready(url)
        for number in range(5):
            reply = classify(
                url,
                **{
                    "X-Forwarded-For": f"203.0.113.{number}",
                    "Forwarded": f"for=203.0.113.{number}",
                    "X-Real-IP": f"203.0.113.{number}",
                    "X-Forwarded-Host": f"{number}.example",
                },
            )
        assert reply.status_code == 429
        assert '"logger": "api.ratelimit.client_address"' not in (tmp_path / "log").read_text()


def test_the_service_goes_and_comes_back(tmp_path: Path) -> None:
    with apache(address(tmp_path)) as url:
        with service(tmp_path):
            assert when_ready(url).ok
        reply = requests.get(f"{url}api/v1/models", timeout=TIMEOUT_S)
        assert (reply.status_code, reply.json()["code"]) == (503, "not_ready")
        assert reply.headers["Retry-After"] == "2"
        assert requests.get(url, timeout=TIMEOUT_S).ok, "the page is there"
        with service(tmp_path):
            assert when_ready(url).ok, "without a restart of Apache"


def test_tls(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("no openssl on this machine")
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=site"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([openssl, *request, *names, *files], check=True, capture_output=True)
    port = free_port()
    tls = f"https://127.0.0.1:{port}/"
    defines = {"TLS_PORT": port, "CERTIFICATES": tmp_path, "NAME": "127.0.0.1"}
    with (
        service(tmp_path) as api,
        apache(api, "deploy/apache-tls.conf", **defines) as url,
    ):
        reply = requests.get(f"{url}api/v1/models", timeout=TIMEOUT_S, allow_redirects=False)
        assert reply.status_code == 301
        assert reply.headers["Location"] == "https://127.0.0.1/api/v1/models"

        def get(path: str) -> requests.Response:
            return requests.get(tls + path, verify=str(certificate), timeout=TIMEOUT_S)

        page = get("")
        assert page.headers["Strict-Transport-Security"] == "max-age=63072000"
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
        while (reply := get("api/v1/models")).status_code == 503:
            time.sleep(0.1)
        assert reply.json()["models"]
        assert reply.headers["Strict-Transport-Security"]
