"""Answers of `predict`, as a table, CSV and JSON."""

import csv
import json
import re
import shutil
from pathlib import Path

import pytest

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
