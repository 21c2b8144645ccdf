"""Fifty slow fetches and fifty slow uploads: `python -m bench.security.attack URL`.

A process of its own, so that it shares no interpreter with the client that is measured.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import requests

from support.raw_server import RawServer, forever

DRIP_PORT = 18_999
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"


def attack(service: str) -> None:
    """Fifty fetches from servers that drip and fifty uploads that do, until the input is closed."""
    done = threading.Event()
    hosts = [f"127.0.0.{i}" for i in range(1, 26)]
    servers = [RawServer(forever(HEAD, b"x", 0.2, done), host, DRIP_PORT) for host in hosts]
    endpoint = f"{service}/api/v1/classify"

    def fetch(server: RawServer, host: str) -> None:
        while not done.is_set():
            requests.post(endpoint, json={"url": server.url(host=host)}, timeout=60)

    def drip() -> Iterator[bytes]:
        while not done.wait(0.2):
            yield b"x"

    def upload() -> None:
        while not done.is_set():
            with suppress(requests.RequestException):
                headers = {"Content-Type": "image/jpeg"}
                requests.post(endpoint, data=drip(), headers=headers, timeout=60)

    threads = [threading.Thread(target=upload) for _ in range(50)]
    for server, host in zip(servers, hosts, strict=True):
        server.__enter__()
        threads += [threading.Thread(target=fetch, args=(server, host)) for _ in range(2)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    done.set()
    under_way = sum(server.connections for server in servers)
    for server in servers:
        server.close()
    for thread in threads:
        thread.join()
    assert under_way == 50, f"only {under_way} dripping fetches were under way"


if __name__ == "__main__":
    attack(sys.argv[1])
