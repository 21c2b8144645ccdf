"""Feedback: what is kept of it, what is not, and that training can learn from what is."""

import concurrent.futures
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image

from common.photo_files import find_photos
from support.hostile_pictures import scan_bomb
from support.running import RunningService, environment, free_port, run_to_its_end, running_service
from tests.api.conftest import BLUE, RED, World

TIMEOUT_S = 60
MAX_FILES = 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("feedback")


@pytest.fixture(scope="module")
def service(
    model_dir: Path, tmp_path_factory: pytest.TempPathFactory, folder: Path
) -> Iterator[RunningService]:
    with running_service(
        tmp_path_factory.mktemp("service"),
        MODEL_DIR=model_dir,
        WEB_CONCURRENCY=2,
        FEEDBACK_FOLDER=folder,
        FEEDBACK_MAX_FILES=MAX_FILES,
        FEEDBACK_MAX_MB=1,
    ) as service:
        yield service
        assert "Traceback" not in service.output()


@pytest.fixture(autouse=True)
def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)


def send(
    service: RunningService, label: str | None = "cat", image: bytes | None = None, **more: str
) -> requests.Response:
    query = more.pop("query", "")
    fields = [(name, (None, value)) for name, value in more.items()]
    if label is not None:
        fields.append(("label", (None, label)))
    files = [*fields, *([("image", ("../../x.php", image))] if image is not None else [])]
    url = f"{service.url}/api/v1/feedback{query}"
    return requests.post(url, files=files, timeout=TIMEOUT_S)


def noise(number: int, side: int = 300) -> bytes:
    out = io.BytesIO()
    pixels = np.random.default_rng(number).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def kept(folder: Path) -> list[Path]:
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def test_it_is_off_unless_set(world: World) -> None:
    answer = send(world.service, image=RED)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    models = requests.get(f"{world.service.url}/api/v1/models", timeout=TIMEOUT_S).json()
    assert models["feedback"] is False


def test_photos_are_kept_by_label_and_day_for_training(
    service: RunningService, folder: Path
) -> None:
    models = requests.get(f"{service.url}/api/v1/models", timeout=TIMEOUT_S).json()
    assert models["feedback"] is True
    exif, secret = Image.Exif(), io.BytesIO()
    exif[0x010E] = "where I live"
    Image.open(io.BytesIO(RED)).save(secret, "JPEG", exif=exif, comment=b"where I live")
    assert send(service, "cat", secret.getvalue(), verdict="dog").json() == {"kept": True}
    assert send(service, "cat", secret.getvalue()).json() == {"kept": True}  # once is enough
    assert send(service, "neither", BLUE).json() == {"kept": True}
    assert send(service, "whale", BLUE, query="?model=animals").status_code == 200
    photos = folder / "cat_dog" / "photos"
    assert sorted(path.name for path in photos.iterdir()) == ["cat", "dog"]
    (photo,) = find_photos(photos / "cat").photos  # as training finds them
    assert b"where I live" not in photo.read_bytes()
    found = Image.open(io.BytesIO(photo.read_bytes()))
    assert (found.format, found.size) == ("JPEG", (640, 480))
    assert not found.getexif()
    days = {path.parts[-2] for path in kept(folder) if path.suffix == ".jpg"}
    assert all(len(day) == len("2026-01-31") for day in days)
    (other,) = find_photos(folder / "cat_dog" / "others" / "neither").photos
    assert Image.open(io.BytesIO(other.read_bytes())).format == "JPEG"


def test_words_alone_are_counted(service: RunningService, folder: Path) -> None:
    assert send(service, "dog", verdict="cat").json() == {"kept": False}
    assert not [path for path in kept(folder) if path.suffix == ".jpg"]
    metrics = requests.get(f"{service.url}/metrics", timeout=TIMEOUT_S).text
    line = 'dogorcat_feedback_total{label="dog",model="cat_dog",verdict="cat"} 1.0'
    assert line in metrics


@pytest.mark.parametrize(
    ("label", "image", "more", "status"),
    [
        (None, RED, {}, 400),
        ("", RED, {}, 400),
        ("horse", RED, {}, 400),
        ("../../etc", RED, {}, 400),
        ("cat\0", RED, {}, 400),
        ("cat", RED, {"verdict": "maybe"}, 400),
        ("cat", RED, {"comment": "x"}, 400),
        ("cat", RED, {"query": "?topk=1"}, 400),
        ("cat", RED, {"query": "?model=nobody"}, 404),
        ("whale", RED, {}, 400),
        ("cat", b"", {}, 422),
        ("cat", b"<?php system($_GET['c']); ?>", {}, 415),
        ("cat", b"<svg onload=alert(1)>", {}, 415),
        ("cat", RED[:2000], {}, 422),
        ("cat", scan_bomb(5000, 2000), {}, 413),
        ("cat", bytes(11 * 2**20), {}, 413),
    ],
)
def test_nothing_is_kept_of_what_is_wrong(
    service: RunningService,
    folder: Path,
    label: str | None,
    image: bytes,
    more: dict[str, str],
    status: int,
) -> None:
    answer = send(service, label, image, **more)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.status_code == status
    assert not [path for path in kept(folder) if path.name != ".lock"]


def test_a_flood_is_kept_within_its_bounds(service: RunningService, folder: Path) -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: send(service, "cat", noise(n)), range(3 * MAX_FILES)))
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert sum(answer.json().get("kept", False) for answer in answers) == MAX_FILES
    assert len([path for path in kept(folder) if path.suffix == ".jpg"]) == MAX_FILES
    assert not [path for path in kept(folder) if path.suffix != ".jpg" and path.name != ".lock"]


def test_so_are_bytes(service: RunningService, folder: Path) -> None:
    for number in range(MAX_FILES):
        assert send(service, "cat", noise(number, 800)).status_code == 200
    sizes = [(folder / path).stat().st_size for path in kept(folder)]
    assert sum(sizes) <= 2**20
    assert len(sizes) - 1 < MAX_FILES  # they were too large for all of them


def test_a_wrong_folder_stops_the_start(model_dir: Path, tmp_path: Path) -> None:
    settings = {"MODEL_DIR": model_dir, "PORT": free_port(), "FEEDBACK_FOLDER": tmp_path / "none"}
    result = run_to_its_end(environment(**settings))
    assert result.returncode != 0
    (line,) = [line for line in result.stderr.splitlines() if "cannot start" in line]
    assert "there is no such folder" in line
