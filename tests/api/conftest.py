"""One real service for the tests from outside, a server of photos, and one that speaks Flickr."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.colour_model import write_colour_model
from support.full_service import full_service
from support.photo_servers import (
    HTML,
    PhotoServer,
    flickr_answer,
    flickr_record,
    picture,
    serving,
)
from support.running import RunningService, running_service

RED = picture("red")
BLUE = picture("blue", format="PNG")
FEW_THREADS = 8


@dataclass(frozen=True)
class World:
    """The service, and where the pictures of this world can be fetched from."""

    service: RunningService
    photos: PhotoServer

    def address(self, name: str) -> str:
        """The address of a picture on the photo server."""
        return f"{self.photos.url}/photo/{name}"


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_colour_model(folder / "cat_dog")
    write_colour_model(folder / "animals", side=112, labels=("lion", "whale"), version="2")
    (folder / ".being-written").mkdir()
    (folder / ".being-written" / "card.json").write_text("{")
    return folder


@contextlib.contextmanager
def surroundings(folder: Path) -> Iterator[tuple[PhotoServer, dict[str, object]]]:
    """What the service sees of the world: a server of photos, and the settings that lead there."""
    server = PhotoServer()
    with serving(server):
        server.answer = lambda call: flickr_answer([flickr_record(server, 7)])
        server.photos = {
            "/photo/red.jpg": (200, {"Content-Type": "image/jpeg"}, RED),
            "/photo/page": HTML,
            "/photo/broken": (500, {}, b"oh"),
            "/photo/gone": (404, {}, b""),
            "/photo/large": (200, {"Content-Type": "image/jpeg"}, b"\xff\xd8" + bytes(11 * 2**20)),
        }
        keys = folder / "keys.json"
        keys.write_text(json.dumps({"public": "k", "secret": "s"}))
        yield (
            server,
            {
                "FETCH_ALLOWED_NETWORKS": "127.0.0.0/8",
                "FETCH_ALLOWED_PORTS": f"80,443,{server.port}",
                "FLICKR_KEYS_FILE": keys,
                "FLICKR_API_URL": f"{server.url}/services/rest/",
                "PHOTO_SOURCES": "flickr",
            },
        )


@pytest.fixture(scope="session")
def world(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("service")
    with (
        surroundings(folder) as (server, settings),
        running_service(folder, MODEL_DIR=model_dir, WEB_CONCURRENCY=2, **settings) as service,
    ):
        yield World(service, server)


@pytest.fixture(scope="module")
def full(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that refuses every picture."""
    folder = tmp_path_factory.mktemp("full")
    with full_service(folder, MODEL_DIR=model_dir) as service:
        yield service
        assert "Traceback" not in service.output()
