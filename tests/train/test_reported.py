"""What people reported of such software, with the inputs that they sent."""

from pathlib import Path

import pytest

from support.shared import SHARED
from train.__main__ import main

REPORTED = SHARED / "data" / "reported"
pytestmark = pytest.mark.skipif(not REPORTED.is_dir(), reason=f"no reported inputs at {REPORTED}")


@pytest.mark.parametrize(
    ("file", "classes"),
    [
        ("01_hidden_folder.zip", {"cat", "dog"}),
        ("03_nested_years.zip", {"cat", "dog"}),
        ("04_class_named_train.zip", {"car", "train"}),
        ("10_dogs-vs-cats_outer.zip", {"cat", "dog"}),
        ("11_white_background.zip", {"cat", "dog"}),
    ],
)
def test_prepared(file: str, classes: set[str], tmp_path: Path) -> None:
    data = tmp_path / "DATA"
    assert main(["prepare", str(REPORTED / file), str(data)]) == 0
    for part in ("train", "validation"):
        assert {folder.name for folder in (data / part).iterdir()} == classes
        assert all(any(folder.iterdir()) for folder in (data / part).iterdir())


@pytest.mark.parametrize("file", ["06_one_photo_class.zip", "13_only_raw_photos.zip"])
def test_not_prepared(file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", str(REPORTED / file), str(tmp_path / "DATA")]) == 2
    assert "error: " in capsys.readouterr().err
    assert not (tmp_path / "DATA").exists()


@pytest.mark.parametrize(
    ("file", "outputs"),
    [
        ("20_depthwise_groups_tf2.h5", "probabilities"),
        ("25_logits_nested_head.keras", "logits"),
        ("26_logits_then_pooling.keras", "logits"),
        ("28_channels_first.h5", "probabilities"),
        ("29_grey.h5", "probabilities"),
    ],
)
def test_adopted(
    file: str, outputs: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["adopt", str(REPORTED / file), "--labels", "a,b", "--scale", "1/255"]
    assert main([*command, "--out", str(tmp_path / "x")]) == 0
    assert f"gives {outputs}, by what comes out of it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "words"),
    [("24_two_outputs.keras", "2 outputs side by side"), ("30_own.weights.h5", "weights alone")],
)
def test_not_adopted(
    file: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["adopt", str(REPORTED / file), "--labels", "a,b", "--scale", "1/255"]
    assert main([*command, "--out", str(tmp_path / "x")]) == 2
    assert words in capsys.readouterr().err
