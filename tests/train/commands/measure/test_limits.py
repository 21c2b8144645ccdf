"""One photo disturbed more and more, as a sheet."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.colour_model import write_colour_model
from train.__main__ import main
from train.measure.limits import ROWS
from train.report.limits import RIGHT, WRONG


@pytest.fixture
def red(tmp_path: Path) -> Path:
    write_colour_model(tmp_path / "colours")
    Image.new("RGB", (120, 80), (200, 20, 20)).save(tmp_path / "red.png")
    return tmp_path


def _edges(sheet: Path, colour: tuple[int, int, int]) -> int:
    """How many pixels have exactly that colour."""
    return int((np.asarray(Image.open(sheet).convert("RGB")) == colour).all(axis=-1).sum())


def test_the_sheet_shows_what_is_right(red: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = red / "limits.png"
    command = ["limits", str(red / "colours"), str(red / "red.png"), "--out", str(out)]
    number = sum(len(row.steps) for row in ROWS)
    assert main(command) == 0
    said = re.search(r"cat in (\d+) of (\d+) pictures", capsys.readouterr().out)
    assert said
    assert int(said[2]) == number
    right = int(said[1])
    assert number / 2 < right < number, "all but those in the dark and far away"
    green, wrong = _edges(out, RIGHT), _edges(out, WRONG)
    assert green / (green + wrong) == pytest.approx(right / number, rel=0.1)
    assert main([*command, "--label", "dog"]) == 0
    assert f"dog in 0 of {number} pictures" in capsys.readouterr().out
    assert _edges(out, RIGHT) == 0


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (2000, 2)])
def test_photos_of_any_shape(red: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size, (200, 20, 20)).save(red / "thin.png")
    command = ["limits", str(red / "colours"), str(red / "thin.png")]
    assert main([*command, "--out", str(red / "limits.png")]) == 0


def test_what_is_wrong_is_one_line(red: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, photo, text = red / "colours", red / "red.png", red / "notes.jpg"
    text.write_text("no photo")
    for words, reason in (
        ([model, photo, "--label", "bird"], "'bird' is none of cat, dog"),
        ([model, red / "gone.jpg"], "cannot be read"),
        ([model, text], ""),
        ([red / "nowhere", photo], "card.json"),
        ([model, photo, "--out", red / "no" / "limits.png"], "no"),
        ([model, photo, "--out", red / "limits.txt"], "does not end like a picture"),
    ):
        try:
            status = main(["limits", *map(str, words)])
        except SystemExit as ended:
            status = ended.code
        assert status == 2, words
        said = capsys.readouterr().err
        assert reason in said
        assert "Traceback" not in said
    assert not list(red.glob("limits.*"))
