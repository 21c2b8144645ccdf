"""Local servers that speak Flickr's and Commons' wire formats, faults included."""

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PIL import Image, ImageDraw

Reply = tuple[int, dict[str, str], bytes]


def picture(
    colour: str = "peru", size: tuple[int, int] = (640, 480), format: str = "JPEG"
) -> bytes:
    """A drawn picture as a file."""
    image = Image.new("RGB", size, "linen")
    ImageDraw.Draw(image).ellipse((size[0] // 4, size[1] // 4, size[0] * 3 // 4, size[1]), colour)
    out = io.BytesIO()
    image.save(out, format)
    return out.getvalue()


def as_json(content: object, status: int = 200, **headers: str) -> Reply:
    return status, {"Content-Type": "application/json", **headers}, json.dumps(content).encode()


HTML: Reply = (200, {"Content-Type": "text/html"}, b"<html><body>We'll be back soon</body></html>")
FLICKR_FAIL_100 = as_json(
    {"stat": "fail", "code": 100, "message": "Invalid API Key (Key has invalid format)"}
)
FLICKR_FAIL_105 = as_json({"stat": "fail", "code": 105, "message": "Service currently unavailable"})


@dataclass
class PhotoServer:
    """What one server answers, and the requests it received."""

    url: str = ""
    answer: Callable[[dict[str, str]], Reply] | None = None
    """The answer to an API call, from its arguments."""
    photos: dict[str, Reply] = field(default_factory=dict)
    """path -> answer; any other path below /photo/ is a drawn JPEG."""
    calls: list[dict[str, str]] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    """The User-Agent of every request, for photos, too."""
    fetched: list[str] = field(default_factory=list)
    delay_s: float = 0.0

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])


@contextmanager
def serving(server: PhotoServer) -> Iterator[PhotoServer]:
    """Run it on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            server.agents.append(self.headers.get("User-Agent", ""))
            if path.startswith("/photo/"):
                server.fetched.append(path)
                drawn = (200, {"Content-Type": "image/jpeg"}, picture())
                self.reply(server.photos.get(path, drawn))
            else:
                self.api(urlsplit(self.path).query)

        def do_POST(self) -> None:
            server.agents.append(self.headers.get("User-Agent", ""))
            length = int(self.headers.get("Content-Length", 0))
            self.api(self.rfile.read(length).decode())

        def api(self, query: str) -> None:
            call = {name: values[0] for name, values in parse_qs(query).items()}
            server.calls.append(call)
            time.sleep(server.delay_s)
            assert server.answer
            self.reply(server.answer(call))

        def reply(self, reply: Reply) -> None:
            status, headers, body = reply
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the client gave up, as some tests want

        def log_message(self, *_: object) -> None: ...

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    server.url = f"http://127.0.0.1:{httpd.server_port}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def flickr_record(server: PhotoServer, number: int, **changes: Any) -> dict[str, Any]:
    """One photo of a search answer, as Flickr writes it. A change to None leaves the field out."""
    record = {
        "id": str(49514824000 + number),
        "owner": "71925535@N03",
        "secret": "35d1b4f8db",
        "server": "65535",
        "farm": 66,
        "title": f"A cat on a wall, no. {number}",
        "ispublic": 1,
        "isfriend": 0,
        "isfamily": 0,
        "license": "4",
        "ownername": "Marine Explorer",
        "url_c": f"{server.url}/photo/{number}_c.jpg",
        "height_c": 534,
        "width_c": 800,
        "url_m": f"{server.url}/photo/{number}_m.jpg",
        "height_m": "333",
        "width_m": "500",
    }
    record.update(changes)
    return {name: value for name, value in record.items() if value is not None}


def flickr_answer(records: list[dict[str, Any]], **changes: Any) -> Reply:
    """A search answer with these photos."""
    photos = {"page": 1, "pages": 3, "perpage": 500, "total": "1215", "photo": records} | changes
    return as_json({"photos": photos, "stat": "ok"})


def commons_record(server: PhotoServer, number: int, **changes: Any) -> dict[str, Any]:
    """One page of a search answer, as Commons writes it."""
    info = {
        "user": "Uploader",
        "size": 123456,
        "width": 4000,
        "height": 3000,
        "mime": "image/jpeg",
        "mediatype": "BITMAP",
        "thumburl": f"{server.url}/photo/960px-{number}.jpg",
        "thumbwidth": 960,
        "thumbheight": 720,
        "url": f"{server.url}/photo/full-{number}.jpg",
        "descriptionurl": f"https://commons.wikimedia.org/wiki/File:Cat_{number}.jpg",
        "extmetadata": {
            "Artist": {"value": '<a href="//commons.wikimedia.org/wiki/User:X">Ada &amp; Bob</a>'},
            "LicenseShortName": {"value": "CC BY-SA 4.0", "source": "commons-desc-page"},
            "LicenseUrl": {"value": "https://creativecommons.org/licenses/by-sa/4.0"},
            "AttributionRequired": {"value": "true"},
        },
    }
    info.update(changes)
    info = {name: value for name, value in info.items() if value is not None}
    title = f"File:Cat number {number}.jpg"
    return {"pageid": number, "ns": 6, "title": title, "imageinfo": [info]}


def commons_answer(pages: object) -> Reply:
    """A search answer; without pages it has no `query`, as the real one."""
    return as_json({"batchcomplete": True} | ({"query": {"pages": pages}} if pages else {}))
