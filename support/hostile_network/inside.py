"""Sends every URL to the real service, inside the network of `support.hostile_network.network`.

`unshare --net --mount python -m support.hostile_network.inside FOLDER` writes FOLDER/report.json.
"""

import gzip
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import requests

from support.colour_model import write_colour_model
from support.hostile_network import urls
from support.hostile_network.network import PUBLIC_V4, PUBLIC_V6, SILENT, Canary, NameServer, set_up
from support.hostile_pictures import picture as drawn
from support.hostile_pictures import png
from support.raw_server import Answer, RawServer, forever, ok, redirect, says
from support.running import running_service

FETCH_TIMEOUT_S = 2.0
PATIENCE_S = 120
PICTURE = drawn("JPEG")
CROWD = 40
WORKERS = 2
HEAD = b"HTTP/1.1 200 OK\r\n"
CLOSING = threading.Event()

ANSWERS: dict[str, Answer] = {
    "/": ok(PICTURE),
    "/cat.jpg": ok(PICTURE, "Content-Type: image/jpeg"),
    "/chunked": says(
        HEAD, b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(PICTURE), PICTURE, b"\r\n0\r\n\r\n"
    ),
    "/until-it-closes": says(HEAD, b"\r\n", PICTURE),
    "/no-type": ok(PICTURE),
    "/wrong-type": ok(PICTURE, "Content-Type: text/html"),
    "/drip-headers": forever(HEAD, b"X", 0.1, CLOSING),
    "/drip-body": forever(HEAD + b"Content-Length: 9999\r\n\r\n", b"x", 0.1, CLOSING),
    "/drip-interim": forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.1, CLOSING),
    "/never": forever(b"", b"", 0.1, CLOSING),
    "/endless": forever(HEAD + b"\r\n", bytes(100_000), 0, CLOSING),
    "/endless-headers": forever(HEAD, b"X: " + b"x" * 1000 + b"\r\n", 0, CLOSING),
    "/large": says(HEAD, b"Content-Length: 99999999999\r\n\r\n"),
    "/short": says(HEAD, b"Content-Length: 99999\r\n\r\n", PICTURE),
    "/gzip": ok(gzip.compress(PICTURE), "Content-Encoding: gzip"),
    "/bomb": ok(gzip.compress(bytes(100_000_000)), "Content-Encoding: gzip"),
    "/404": ok(PICTURE, status="404 Not Found"),
    "/500": ok(PICTURE, status="500 Internal Server Error"),
    "/empty": ok(b""),
    "/no-http": says(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "/hang-up": says(b""),
    "/web-page": ok(b"<!DOCTYPE html><title>cat</title>"),
    "/svg": ok(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "/text": ok(b"root:x:0:0:root:/root:/bin/bash"),
    "/png-bomb": ok(png(50_000, 50_000, pixels=b"")),
}


@dataclass(frozen=True)
class Outcome:
    """What the service answered to one URL."""

    kind: str
    url: str
    status: int
    body: Any
    seconds: float
    retry_after: str | None


def public_server(host: str, port: int, tls: ssl.SSLContext | None) -> RawServer:
    def answer(connection: socket.socket) -> None:
        target = server.requests[-1].split(b" ")[1].decode()
        path, _, query = target.partition("?")
        if path.startswith("/redirect/"):
            redirect(query, path.removeprefix("/redirect/") + " Elsewhere")(connection)
        elif path.startswith("/any"):
            ANSWERS["/cat.jpg"](connection)
        else:
            ANSWERS[path](connection)

    server = RawServer(answer, host, port, tls, shared_port=True)
    return server


def certificate(folder: Path) -> ssl.SSLContext:
    """For the public names; FOLDER/tls.crt is also what the service trusts."""
    names = "DNS:pub.example,DNS:xn--bcher-kva.example"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", folder / "tls.key", "-out", folder / "tls.crt", "-days", "2"),
            *("-subj", "/CN=test", "-addext", f"subjectAltName={names}"),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    return context


def main(folder: Path) -> None:
    set_up(folder)
    canary = Canary()
    NameServer()
    tls = certificate(folder)
    write_colour_model(folder / "models" / "cat_dog")
    for host in (PUBLIC_V4, PUBLIC_V6):
        public_server(host, 80, None).__enter__()
        public_server(host, 443, tls).__enter__()
    settings = {
        "MODEL_DIR": folder / "models",
        "WEB_CONCURRENCY": WORKERS,
        "FETCH_TIMEOUT_S": FETCH_TIMEOUT_S,
        "SSL_CERT_FILE": folder / "tls.crt",
        "RATE_LIMIT": "1000000 per minute",
        "PORT": 8000,
    }
    outcomes: list[Outcome] = []
    with running_service(folder, **settings) as service:

        def ask(kind: str, url: str) -> None:
            start = time.monotonic()
            answer = requests.post(
                f"{service.url}/api/v1/classify",
                data=json.dumps({"url": url}),
                headers={"Content-Type": "application/json"},
                timeout=PATIENCE_S,
            )
            seconds = time.monotonic() - start
            body, retry_after = answer.json(), answer.headers.get("Retry-After")
            outcomes.append(Outcome(kind, url, answer.status_code, body, seconds, retry_after))

        for url in sorted(urls.MUST_WORK):
            ask("must work", url)
        for url in sorted(urls.INSIDE):
            ask("inside", url)
            ask("inside, redirected", f"http://pub.example/redirect/302?{url}")
        for url in sorted(urls.MALFORMED):
            ask("malformed", url)
        for path in urls.BAD_SERVERS:
            ask("bad server", f"http://pub.example{path}")
        for name in ("rebind.example", "rebind-back.example"):
            for _ in range(20):
                ask("rebinding", f"http://{name}/cat.jpg")
        ask("silent name server", f"http://{SILENT}/cat.jpg")
        crowd = [
            threading.Thread(target=ask, args=("crowd", "http://pub.example/drip-body"))
            for _ in range(CROWD)
        ]
        for thread in crowd:
            thread.start()
        for thread in crowd:
            thread.join()
        log = service.output()
    CLOSING.set()
    report = {"outcomes": [asdict(one) for one in outcomes], "canary": canary.seen, "log": log}
    (folder / "report.json").write_text(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
