"""Classes of very different sizes: noticed, said, and weighed while learning."""

import json
import shutil
from pathlib import Path

import pytest

from train.__main__ import main
from train.photos.balance import class_weights, is_uneven


def test_even_classes_are_left_alone() -> None:
    assert class_weights([10, 30]) is None
    assert class_weights([7, 7, 7]) is None


def test_all_classes_weigh_the_same_together() -> None:
    counts = [10, 40, 400]
    assert is_uneven(counts)
    weights = class_weights(counts)
    assert weights is not None
    assert [weights[i] * count for i, count in enumerate(counts)] == pytest.approx([150] * 3)


@pytest.mark.parametrize(("option", "weighed"), [("auto", True), ("none", False)])
def test_recipes_weigh_them_unless_told_otherwise(
    option: str, weighed: bool, own_data: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for i in range(30):
        shutil.copy(own_data / "train/circles/1.jpg", own_data / f"train/circles/more{i}.jpg")
        with (own_data / f"train/circles/more{i}.jpg").open("ab") as file:
            file.write(bytes([i]))  # another file of the same photo
    assert main(["inspect", str(own_data), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["uneven"] == ["train"]

    seen = []
    monkeypatch.setattr(
        "keras.Model.fit", lambda self, *args, **options: seen.append(options) or 1 / 0
    )
    command = ["tiny", "--data", str(own_data), "--out", str(tmp_path / "x"), "--size", "32"]
    with pytest.raises(ZeroDivisionError):
        main([*command, "--class-weights", option])
    (options,) = seen
    if weighed:
        assert options["class_weight"][1] > 3 * options["class_weight"][0]
    else:
        assert options["class_weight"] is None
