"""The walk of a picture in docs/architecture.md is the one that a picture takes."""

import io
import re
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from api.app import create_app
from api.settings import Settings
from support.colour_model import write_colour_model
from support.photo_servers import picture

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """A chapter of the page."""
    return TEXT.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_the_walk_of_a_picture(tmp_path: Path) -> None:
    write_colour_model(tmp_path / "models" / "cat_dog")
    client = create_app(Settings(model_dir=tmp_path / "models")).test_client()
    photo = picture("red")
    walked: list[str] = []

    def note(frame: FrameType, event: str, argument: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(ROOT):
            name = str(path.relative_to(ROOT))
            if name.startswith(("api/", "common/")) and name not in walked:
                walked.append(name)

    def upload() -> int:
        form = {"image": (io.BytesIO(photo), "photo.jpg")}
        return client.post("/api/v1/classify", data=form).status_code

    assert upload() == 200  # what is done once is done
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        assert upload() == 200
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]
    named = re.findall(
        r"^│   ((?:api|common)/\S+\.py) ", section("The walk of a picture"), re.MULTILINE
    )
    assert sorted(named) == sorted(walked)
    assert len(walked) <= 18, "more files than a newcomer reads in one go"


@pytest.mark.parametrize("room", ["api", "bench", "cluster", "common", "support", "train"])
def test_a_module_can_be_read_in_one_go(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    lines = {str(file): len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert files
    assert not {file: count for file, count in lines.items() if count > 300}
