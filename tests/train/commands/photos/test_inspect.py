"""What `inspect` finds in class folders."""

import json
import os
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


def test_what_is_passed_over_and_any_name(
    own_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    circles = own_data / "train" / "circles"
    (circles / "3.jpg").rename(circles / os.fsdecode(b"Kat\xfc\n.jpg"))
    (circles / "4.jpg").rename(circles / "without_suffix")
    (circles / "2019").mkdir()
    (circles / "5.jpg").rename(circles / "2019" / "5.jpg")
    (own_data / "train" / ".thumbnails").mkdir()
    (own_data / "train" / "squares" / "Thumbs.db").write_bytes(b"x")
    (own_data / "train" / "squares" / "notes.txt").write_bytes(b"x")
    assert main(["inspect", str(own_data)]) == 0
    said = capsys.readouterr().out
    assert "8 circles, 8 squares" in said
    assert "passed over: 2 (hidden, or of an operating system or program): " in said
    assert "passed over: 1 (no photo): train/squares/notes.txt" in said
    shutil.copy(circles / os.fsdecode(b"Kat\xfc\n.jpg"), own_data / "train" / "squares")
    assert main(["inspect", str(own_data), "--sheet", str(own_data / "sheet.jpg")]) == 0
    assert "train/circles/Kat\\xfc\\n.jpg = train/squares" in capsys.readouterr().out


def test_nothing_that_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for i in range(3):
            (tmp_path / label / f"IMG_{i}.CR2").write_bytes(b"II*\0\x10\0\0\0CR\2\0")
    assert main(["inspect", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert "unreadable: 6" in said.out
    assert "cat/IMG_0.CR2: " in said.out
    assert "None of the 6 files" in said.err
    assert main(["inspect", str(tmp_path / "cat")]) == 2
    assert main(["inspect", str(tmp_path / "nowhere")]) == 2


def test_more_classes_than_a_sheet_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (450, 12, 12, 3)).astype(np.uint8)
    for i, pixels in enumerate(noise):
        folder = tmp_path / "data" / f"class_{i:03d}"
        folder.mkdir(parents=True)
        Image.fromarray(pixels).save(folder / "a_photo_with_a_very_long_name.png")
    sheet = tmp_path / "sheet.jpg"
    assert main(["inspect", str(tmp_path / "data"), "--sheet", str(sheet)]) == 0
    said = capsys.readouterr().out
    for name in ("sheet.jpg", "sheet-2.jpg", "sheet-3.jpg"):
        assert f"contact sheet: {tmp_path / name}\n" in said
        with Image.open(tmp_path / name) as image:
            assert image.height > 3000
    assert not (tmp_path / "sheet-4.jpg").exists()
