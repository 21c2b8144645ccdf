"""`review` from a model folder and class folders to a list, and its decisions carried out."""

import shutil
from pathlib import Path

import pytest

from tests.train.conftest import make_data
from train.__main__ import main


def test_a_wrong_label_is_listed_first_and_put_right(
    probe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_data(tmp_path / "data", ("circles", "stripes"), 8, 4)
    wrong = data / "train" / "circles" / "wrong.jpg"
    shutil.copy(data / "train" / "stripes" / "3.jpg", wrong)
    command = ["review", str(probe), str(data), "--cache", str(tmp_path / "cache")]
    assert main([*command, "--list", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[1] for line in lines} == {"train/circles/wrong.jpg", "train/stripes/3.jpg"}
    (data / "review.jsonl").write_text('{"photo": "train/circles/wrong.jpg", "action": "delete"}\n')
    assert main([*command, "--apply"]) == 0
    assert "1 photos moved or deleted" in capsys.readouterr().out
    assert not wrong.exists()


def test_what_cannot_be_reviewed(
    tiny: Path, own_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["review", str(tiny), str(own_data)]) == 2
    assert "has no pooled features" in capsys.readouterr().err
    assert main(["review", str(tiny), str(own_data / "nowhere"), "--apply"]) == 2
