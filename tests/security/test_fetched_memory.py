"""What a worker holds of other servers' bodies is bounded, however many links it is sent."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import requests

from support.colour_model import write_colour_model
from support.hostile_pictures import picture
from support.raw_server import RawServer
from support.running import running_service

TIMEOUT_S = 60
BODY = 2**20 - 1000
HELD = 3
"""Bodies of a megabyte that fit into 1 MB for a batch and 2 × 1 MB for single pictures."""


def test_bodies_that_are_fetched_share_one_budget(tmp_path: Path) -> None:
    write_colour_model(tmp_path / "models" / "cat_dog")
    release = threading.Event()

    def all_but_the_last_byte(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % BODY)
        connection.sendall(bytes(BODY - 1))
        release.wait(TIMEOUT_S)
        connection.sendall(b"\0")

    with (
        RawServer(all_but_the_last_byte, host="0.0.0.0") as server,
        running_service(
            tmp_path,
            MODEL_DIR=tmp_path / "models",
            WEB_CONCURRENCY=1,
            MAX_UPLOAD_MB=1,
            MAX_BATCH_MB=1,
            FETCH_TIMEOUT_S=25,
            FETCH_ALLOWED_PORTS=server.port,
            FETCH_ALLOWED_NETWORKS="127.0.0.0/8",
        ) as service,
        ThreadPoolExecutor(HELD + 1) as pool,
    ):
        url = f"{service.url}/api/v1/classify"

        def classify(host: str) -> requests.Response:
            return requests.post(url, json={"url": server.url("/", host)}, timeout=TIMEOUT_S)

        sent = [pool.submit(classify, f"127.0.0.{2 + i}") for i in range(HELD + 1)]
        try:
            # No body is complete, so that whoever has an answer now was refused.
            refused, waiting = wait(sent, TIMEOUT_S, return_when="FIRST_COMPLETED")
            assert {one.result().json()["code"] for one in refused} == {"overloaded"}
        finally:
            release.set()
        assert 415 in {one.result().status_code for one in waiting}, "nothing but zeros"
        end = time.monotonic() + TIMEOUT_S
        while True:  # the last answer is out a moment before its memory is given back
            photo = {"image": picture("JPEG") + bytes(BODY - 20_000)}
            answer = requests.post(url, files=photo, timeout=TIMEOUT_S)
            if answer.status_code == 200 or time.monotonic() > end:
                break
        assert answer.status_code == 200, "everything was given back"
