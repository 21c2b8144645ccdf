"""The line of *neither*: its table, and how it is set without training again."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from common.images import decode
from common.model.card import read_card
from common.model.classifier import Classifier
from train.__main__ import main
from train.commands.measure.threshold import curve, line


def test_the_line_keeps_at_least_what_is_asked_for() -> None:
    own = np.linspace(0.1, 1, 100)
    for keep in (0.5, 0.9, 0.99):
        assert (own >= line(own, keep)).mean() >= keep
    assert line(own, 1.0) == own.min()
    rows = curve(own, np.array([0.05, 0.5]), 0.3).splitlines()
    (served,) = [row for row in rows if "as served now" in row]
    assert served.split()[:3] == ["0.3000", "78.00%", "50.00%"]


def test_setting_it_changes_the_verdicts(
    probe: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(probe, tmp_path / "probe"))
    photos = data / "validation"
    command = ["threshold", str(folder), str(photos), "--others", str(photos / "circles")]
    before = (folder / "card.json").read_bytes()
    assert main(command) == 0
    assert "as served now" in capsys.readouterr().out
    assert (folder / "card.json").read_bytes() == before, "only --keep writes"
    assert main([*command, "--keep", "0.5"]) == 0
    classifier = Classifier.load(folder)
    assert classifier.card.neither_threshold != read_card(probe).neither_threshold
    pixels = [decode(path.read_bytes(), classifier.target) for path in photos.rglob("*.jpg")]
    verdicts = [answer.verdict for answer in classifier.predict(np.stack(pixels))]
    assert verdicts.count("neither") <= len(pixels) / 2


def test_a_model_without_familiarity(
    tiny: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = str(data / "validation")
    assert main(["threshold", str(tiny), photos, "--others", photos]) == 2
    assert "never says neither" in capsys.readouterr().err
