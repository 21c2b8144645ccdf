"""What the service starts with, and what it refuses to start with: one clear line each."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from support.colour_model import write_colour_model
from support.running import environment, free_port, run_to_its_end, running_service


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"PORT": "eighty"}, "PORT=eighty"),
        ({"FETCH_TIMEOUT_S": "-1"}, "FETCH_TIMEOUT_S=-1"),
        ({"FETCH_ALLOWED_NETWORKS": "10.0.0.0/99"}, "FETCH_ALLOWED_NETWORKS=10.0.0.0/99"),
        ({"FETCH_ALLOWED_PORTS": "80,x"}, "FETCH_ALLOWED_PORTS"),
        ({"PHOTO_SOURCES": "flickr,instagram"}, "PHOTO_SOURCES"),
        ({"PHOTO_FOLDER": "/nowhere"}, "PHOTO_FOLDER=/nowhere"),
        ({"MODEL_DIR": "/nowhere"}, "MODEL_DIR=/nowhere"),
        ({"DEFAULT_MODEL": "nobody"}, "DEFAULT_MODEL=nobody"),
        (
            {"CORS_ORIGINS": "https://*.example.org"},
            "CORS_ORIGINS=https://*.example.org: this has a wildcard",
        ),
        ({"CORS_ORIGINS": "https://a.example,https://b.example/"}, "browsers send `https://b.ex"),
    ],
)
def test_a_wrong_setting_stops_the_start(
    model_dir: Path, settings: dict[str, str], words: str
) -> None:
    result = run_to_its_end(environment(**{"MODEL_DIR": model_dir, "PORT": free_port()} | settings))
    complaints = [line for line in result.stderr.splitlines() if "cannot start" in line]
    assert result.returncode != 0
    assert len(complaints) == 1
    assert words in complaints[0]
    assert "Traceback" not in result.stderr


def _wrong_golden(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    card["golden"]["noise"]["scores"] = [1.0, 0.0]
    (folder / "card.json").write_text(json.dumps(card))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "model.onnx").unlink(), "model.onnx is missing"),
        (lambda folder: (folder / "model.onnx").write_bytes(b"x"), "SHA-256 differs"),
        (_wrong_golden, "golden vector noise/scores"),
        (lambda folder: shutil.copytree(folder, folder.parent / "twin"), "already there"),
    ],
)
def test_a_wrong_model_folder_stops_the_start(
    tmp_path: Path, damage: Callable[[Path], None], words: str
) -> None:
    write_colour_model(tmp_path / "models" / "cat_dog")
    damage(tmp_path / "models" / "cat_dog")
    result = run_to_its_end(environment(MODEL_DIR=tmp_path / "models", PORT=free_port()))
    complaints = [line for line in result.stderr.splitlines() if "cannot start" in line]
    assert result.returncode != 0
    assert len(complaints) == 1
    assert words in complaints[0]
    assert "Traceback" not in result.stderr


def test_a_worker_holds_no_tensorflow(model_dir: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, MODEL_DIR=model_dir, WEB_CONCURRENCY=1) as service:
        children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children")
        (worker,) = children.read_text().split()
        maps = Path(f"/proc/{worker}/maps").read_text()
        assert "onnxruntime" in maps
        assert "tensorflow" not in maps


def test_sigterm_ends_the_service(model_dir: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, MODEL_DIR=model_dir) as service:
        assert requests.get(f"{service.url}/healthz", timeout=30).ok
    assert service.process.returncode == 0


def test_random_says_how_to_set_up_a_source(model_dir: Path, tmp_path: Path) -> None:
    settings = {"MODEL_DIR": model_dir, "PHOTO_SOURCES": "flickr,folder"}
    with running_service(tmp_path, **settings) as service:
        answer = requests.get(f"{service.url}/api/v1/random", timeout=30)
    assert answer.status_code == 503
    assert answer.json()["code"] == "photo_source_unavailable"
    assert int(answer.headers["Retry-After"]) > 0
    for setting in ("FLICKR_API_KEY", "PHOTO_FOLDER"):
        assert setting in answer.json()["detail"]
