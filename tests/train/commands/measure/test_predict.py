"""Answers of `predict`, as a table, CSV and JSON."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.shared import ROOT
from train.__main__ import main


def test_predict_never_stops_at_one_bad_file(
    tiny: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    shutil.copytree(data / "validation", photos)
    (photos / "bad.jpg").write_bytes(b"no photo")
    table, lines = tmp_path / "answers.csv", tmp_path / "answers.json"
    command = ["predict", str(tiny), str(photos), str(tmp_path / "gone.jpg")]
    assert main([*command, "--csv", str(table), "--json", str(lines)]) == 1
    said = capsys.readouterr().err
    assert "bad.jpg" in said
    assert "gone.jpg" in said
    assert "2 of 20 files could not be read." in said

    with table.open() as file:
        rows = list(csv.DictReader(file))
    answers = json.loads(lines.read_text())
    assert len(rows) == len(answers) == 18
    for row, answer in zip(rows, answers, strict=True):
        assert row["file"] == answer["file"]
        assert [row["present"]] == answer["present"] == [row["verdict"]]
        assert (
            row["verdict"] == answer["verdict"] == max(answer["scores"], key=answer["scores"].get)
        )
        assert float(row[f"score_{answer['verdict']}"]) == pytest.approx(
            answer["scores"][answer["verdict"]], abs=1e-6
        )


def test_predict_prints_a_table(tiny: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo = str(next((data / "validation" / "stripes").iterdir()))
    assert main(["predict", str(tiny), photo]) == 0
    assert re.match(rf"{re.escape(photo)}  \w+ +\w+ \d\.\d{{4}}", capsys.readouterr().out)


def test_predict_sees_what_every_command_sees(
    tiny: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "linked").symlink_to(data / "validation" / "circles")
    for name in (".thumbnails/1.jpg", "__MACOSX/1.jpg", "notes.txt", "Thumbs.db"):
        (photos / name).parent.mkdir(exist_ok=True)
        (photos / name).write_bytes(b"x")
    assert main(["predict", str(tiny), str(photos), "--json", "-"]) == 0
    said = capsys.readouterr()
    assert len(json.loads(said.out)) == 6
    assert "passed over: 3 (hidden" in said.err
    assert "passed over: 1 (no photo): notes.txt" in said.err
    assert main(["predict", str(tiny), str(photos / ".thumbnails")]) == 1
    (photos / "empty").mkdir()
    assert main(["predict", str(tiny), str(photos / "empty")]) == 2


@pytest.fixture
def named(data: Path, tmp_path: Path) -> Path:
    """Photos under names that no terminal likes."""
    photo = (data / "validation" / "circles" / "1000.jpg").read_bytes()
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in (b"Kat\xfcr.jpg", "猫🐈.jpg".encode(), b"two\nlines.jpg", b"\x1b[2J.jpg"):
        (photos / os.fsdecode(name)).write_bytes(photo)
    return photos


@pytest.mark.parametrize(
    ("encoding", "more"), [("utf-8", []), ("ascii", ["--csv", "-"]), ("latin-1", [])]
)
def test_any_name_on_any_terminal(tiny: Path, named: Path, encoding: str, more: list[str]) -> None:
    (named / os.fsdecode(b"bad\xff.jpg")).write_bytes(b"x")
    result = subprocess.run(
        [sys.executable, "-m", "train", "predict", str(tiny), str(named), *more],
        cwd=ROOT, capture_output=True, check=False,
        env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )  # fmt: skip
    assert result.returncode == 1, result.stderr
    assert b"Traceback" not in result.stderr
    assert b"bad\\xff.jpg: " in result.stderr
    assert b"Kat\\xfcr.jpg" in result.stdout
    assert (b"\x1b[2J" in result.stdout) is bool(more), "a table for people escapes, data does not"


def test_any_name_in_a_table_and_in_json(tiny: Path, named: Path, tmp_path: Path) -> None:
    table, lines = tmp_path / "answers.csv", tmp_path / "answers.json"
    command = ["predict", str(tiny), str(named), "--csv", str(table), "--json", str(lines)]
    assert main(command) == 0
    with table.open(encoding="utf-8", newline="") as file:
        names = [Path(row["file"]).name for row in csv.DictReader(file)]
    assert names == ["\x1b[2J.jpg", "Kat\\xfcr.jpg", "two\nlines.jpg", "猫🐈.jpg"]
    assert [Path(row["file"]).name for row in json.loads(lines.read_text())] == names
