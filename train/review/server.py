"""The page of `train review`, served to this machine alone: photos, and a key for each decision."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from common.errors import ImageError
from common.images import preview
from train.review.decisions import Decisions
from train.review.suspects import Suspect, as_json

PAGE = Path(__file__).with_name("page.html")
MAX_BODY = 10_000


def server(
    data: Path, suspects: list[Suspect], classes: tuple[str, ...], decisions: Decisions, port: int
) -> ThreadingHTTPServer:
    """A server on 127.0.0.1, ready for `serve_forever`; port 0 takes a free one."""
    state = {"suspects": as_json(suspects), "classes": list(classes)}
    number = {one.photo: i for i, one in enumerate(suspects)}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self._from_this_machine():
                return
            if self.path == "/":
                self._send(PAGE.read_bytes(), "text/html; charset=utf-8")
            elif self.path == "/state":
                self._send_json(state | {"decided": self._decided()})
            elif (index := self._photo()) is not None:
                try:
                    file = (data / suspects[index].photo).read_bytes()
                    self._send(preview(file), "image/jpeg")
                except (OSError, ImageError):
                    self._send(b"", "text/plain", HTTPStatus.NOT_FOUND)
            else:
                self._send(b"", "text/plain", HTTPStatus.NOT_FOUND)

        def do_POST(self) -> None:
            if not self._from_this_machine():
                return
            try:
                length = int(self.headers.get("Content-Length", 0))
                if length > MAX_BODY or "json" not in self.headers.get("Content-Type", ""):
                    raise ValueError("JSON is expected")
                asked = json.loads(self.rfile.read(length))
                undo = asked["action"] == "undo"
                photo = "" if undo else suspects[int(asked["number"])].photo
                label = asked.get("label")
                if label is not None and label not in classes:
                    raise ValueError("no such class")
                decisions.add(photo, asked["action"], label)
            except (ValueError, KeyError, TypeError, IndexError) as error:
                self._send_json({"error": str(error)}, HTTPStatus.BAD_REQUEST)
                return
            self._send_json({"decided": self._decided()})

        def _decided(self) -> dict[int, dict[str, Any]]:
            return {
                number[photo]: {key: entry[key] for key in ("action", "label") if key in entry}
                for photo, entry in decisions.current().items()
                if photo in number
            }

        def _photo(self) -> int | None:
            first, _, last = self.path.rpartition("/")
            index = int(last) if first == "/photo" and last.isdecimal() else -1
            return index if 0 <= index < len(suspects) else None

        def _from_this_machine(self) -> bool:
            """A page of another site must not decide here, under whatever name it reaches us."""
            here = {f"{host}:{self.server.server_port}" for host in ("127.0.0.1", "localhost")}
            origin = self.headers.get("Origin")
            if self.headers.get("Host") in here and (
                origin is None or origin.removeprefix("http://") in here
            ):
                return True
            self._send(b"", "text/plain", HTTPStatus.FORBIDDEN)
            return False

        def _send_json(self, value: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> None:
            self._send(json.dumps(value).encode(), "application/json", status)

        def _send(self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Requests are of no interest; decisions are in their file."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)
