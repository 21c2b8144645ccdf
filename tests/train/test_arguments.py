"""Numbers and names that cannot work are refused before anything is read or trained."""

from pathlib import Path

import pytest

from train.__main__ import main

RECIPE = ["fine-tune", "--data", "nowhere", "--out", "models/x"]
SHARES = ("--learning-rate", "--dropout", "--smoothing", "--mix", "--distill", "--held-share")
COUNTS = ("--epochs", "--batch", "--patience", "--layers", "--size")
WRONG = [
    *((option, value) for option in SHARES for value in ("nan", "inf", "-1", "x")),
    *((option, value) for option in COUNTS for value in ("0", "-1", "1.5", "x")),
    ("--learning-rate", "0"), ("--learning-rate", "1e9"), ("--dropout", "1"), ("--smoothing", "1"),
    ("--mix", "7"), ("--held-share", "0"), ("--seed", "-1"), ("--seed", "4294967296"),
    ("--familiar", "1000"), ("--familiar", "dogs"),
]  # fmt: skip


@pytest.mark.parametrize(("option", "value"), WRONG)
def test_a_number_out_of_range_is_named_first(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*RECIPE, f"{option}={value}"])
    assert stopped.value.code == 2
    first, advice = capsys.readouterr().err.splitlines()
    assert first.startswith(f"error: argument {option}: ")
    assert advice == "python -m train fine-tune --help explains."


@pytest.mark.parametrize(
    ("option", "value"),
    [("--dropout", "0"), ("--smoothing", "0"), ("--mix", "0"), ("--mix", "1"), ("--distill", "0")],
)
def test_the_ends_of_the_ranges_are_allowed(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*RECIPE, option, value]) == 2
    assert "There is no folder nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["my pets", ".pets", "é", "p" * 65, "a+b"])
def test_a_name_that_no_card_takes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["tiny", "--data", "nowhere", "--out", f"models/{name}"]
    assert main(command) == 2
    assert "cannot be the name of a model" in capsys.readouterr().err


def test_a_folder_below_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "models").write_text("a file")
    assert main(["tiny", "--data", "nowhere", "--out", str(tmp_path / "models" / "x")]) == 2
    assert "is no folder that may be written to" in capsys.readouterr().err


@pytest.mark.parametrize("out", ["x.foo", "x", "nowhere/x.png"])
def test_a_sheet_that_cannot_be_written(out: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["activations", "models/x", "photo.jpg", "--out", out])
    assert capsys.readouterr().err.startswith("error: argument --out: ")


def test_a_missing_option_is_said_first(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["quantise", "--data", "nowhere"])
    assert capsys.readouterr().err.startswith("error: the following arguments are required: model")
