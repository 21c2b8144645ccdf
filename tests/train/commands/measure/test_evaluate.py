"""Figures of `evaluate`, and what it keeps in the card."""

import json
import shutil
from pathlib import Path

import pytest

from common.model.card import read_card
from train.__main__ import main


def test_evaluate_says_what_the_card_and_the_answers_say(
    tiny: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(tiny), str(data / "validation"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    metrics = {metric.name: metric.value for metric in read_card(tiny).metrics}
    assert metrics["accuracy"] == pytest.approx(said["accuracy"], abs=1e-6)
    assert metrics["calibration_error"] == pytest.approx(said["calibration_error"], abs=1e-5)
    right = 0
    for kind in ("circles", "squares", "stripes"):
        main(["predict", str(tiny), str(data / "validation" / kind), "--json", "-"])
        answers = json.loads(capsys.readouterr().out)
        right += sum(answer["verdict"] == kind for answer in answers)
    assert said["accuracy"] == pytest.approx(right / 18)


def test_evaluate_records_what_it_found_once(
    tiny: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "shapes"
    shutil.copytree(tiny, model)
    before = read_card(model)
    for _ in range(2):
        command = ["evaluate", str(model), "--json", f"{data / 'train'}:0.5"]
        assert main([*command, "--record", "half of a fair"]) == 0
        said = json.loads(capsys.readouterr().out)
    assert 0 < said["photos"] < 48, "only a part of these photos"
    card = read_card(model)
    assert card.model_copy(update={"metrics": ()}) == before.model_copy(update={"metrics": ()})
    assert card.metrics[: len(before.metrics)] == before.metrics
    new = {metric.name: metric for metric in card.metrics[len(before.metrics) :]}
    assert len(new) == len(card.metrics) - len(before.metrics), "the second run replaced the first"
    assert new["accuracy"].value == pytest.approx(said["accuracy"], abs=1e-6)
    assert new["accuracy"].data == f"half of a fair, {said['photos']} photos"
    assert new["accuracy"].command == "python -m train evaluate models/shapes train:0.5"


def test_evaluate_refuses_other_classes(
    tiny: Path, own_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(tiny), str(own_data / "validation")]) == 2
    assert "are not the labels of shapes" in capsys.readouterr().err
