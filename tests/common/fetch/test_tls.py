"""Links to https: certificates, and handshakes that never end."""

import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from common.errors import FetchFailed, FetchTimeout
from support.fetching import PATIENCE_S, fetcher
from support.raw_server import RawServer, ok, redirect


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of `tls.example`, which nobody trusts unless told to."""
    path = tmp_path_factory.mktemp("tls") / "tls.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", path, "-out", f"{path}.crt", "-days", "2", "-subj", "/CN=test"),
            *("-addext", "subjectAltName=DNS:tls.example,DNS:xn--bcher-kva.example"),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


@pytest.fixture
def tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_https(tls: ssl.SSLContext, names: dict[str, list[list[str]]]) -> None:
    names["tls.example"] = names["xn--bcher-kva.example"] = names["wrong.example"] = [["127.0.0.1"]]
    asked: list[str | None] = []
    tls.sni_callback = lambda sock, name, context: asked.append(name)
    with RawServer(ok(b"picture"), tls=tls) as server:
        mine = fetcher(server)
        assert mine.fetch(server.url(host="tls.example")).data == b"picture"
        assert mine.fetch(server.url(host="Bücher.example.")).data == b"picture"
        for host in ("wrong.example", "127.0.0.1"):
            with pytest.raises(FetchFailed):
                mine.fetch(server.url(host=host))
    assert asked[:3] == ["tls.example", "xn--bcher-kva.example", "wrong.example"]


def test_https_does_not_lead_to_http(
    tls: ssl.SSLContext, names: dict[str, list[list[str]]]
) -> None:
    names["tls.example"] = [["127.0.0.1"]]
    with RawServer(ok(b"picture")) as plain:
        with (
            RawServer(redirect(plain.url()), tls=tls) as server,
            pytest.raises(FetchFailed, match="from https to http"),
        ):
            fetcher(server, plain).fetch(server.url(host="tls.example"))
        assert plain.connections == 0


def test_a_certificate_nobody_trusts(certificate: Path, names: dict[str, list[list[str]]]) -> None:
    names["tls.example"] = [["127.0.0.1"]]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with RawServer(ok(b"picture"), tls=context) as server, pytest.raises(FetchFailed):
        fetcher(server).fetch(server.url(host="tls.example"))


def test_a_handshake_that_never_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        start = time.monotonic()
        with pytest.raises(FetchTimeout):
            fetcher(allowed_ports=[port], timeout_s=0.5).fetch(f"https://127.0.0.1:{port}/")
        assert time.monotonic() - start < PATIENCE_S
