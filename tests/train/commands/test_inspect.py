"""What `inspect` finds in class folders."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from train.__main__ import main


def test_inspect_finds_damage_and_duplicates(
    own_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train, validation = own_data / "train", own_data / "validation"
    (train / "circles" / "broken.jpg").write_bytes(b"\xff\xd8\xff no")
    shutil.copy(train / "circles" / "1.jpg", validation / "circles" / "again.jpg")
    shutil.copy(train / "circles" / "2.jpg", train / "squares" / "mislabelled.jpg")
    sheet = tmp_path / "sheet.jpg"
    assert main(["inspect", str(own_data), "--json", "--sheet", str(sheet)]) == 0
    found = json.loads(capsys.readouterr().out.rsplit("contact sheet", 1)[0])
    assert found["counts"] == {
        "train": {"circles": 8, "squares": 9}, "validation": {"circles": 4, "squares": 3},
    }  # fmt: skip
    assert found["formats"] == {"JPEG": 24}
    assert found["width"] == [96, 96, 96]
    assert list(found["unreadable"]) == ["train/circles/broken.jpg"]
    assert found["across_the_split"] == [["train/circles/1.jpg", "validation/circles/again.jpg"]]
    assert found["across_classes"] == [["train/circles/2.jpg", "train/squares/mislabelled.jpg"]]
    assert np.asarray(Image.open(sheet)).std() > 10, "there are photos on it"

    assert main(["inspect", str(own_data)]) == 0
    assert "8 circles, 9 squares" in capsys.readouterr().out
