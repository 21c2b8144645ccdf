"""Numbers and names that cannot work are refused before anything is read or trained."""

from pathlib import Path

import pytest

from common.model.card import read_card, write_card
from support.shared import ROOT
from train.__main__ import main

RECIPE = ["fine-tune", "--data", "nowhere", "--out", "models/x"]
SHARES = ("--learning-rate", "--dropout", "--smoothing", "--mix", "--distill", "--held-share")
COUNTS = ("--epochs", "--batch", "--patience", "--layers", "--size")
WRONG = [
    *((option, value) for option in SHARES for value in ("nan", "inf", "-1", "x")),
    *((option, value) for option in COUNTS for value in ("0", "-1", "1.5", "x")),
    ("--learning-rate", "0"), ("--learning-rate", "1e9"), ("--dropout", "1"), ("--smoothing", "1"),
    ("--mix", "7"), ("--held-share", "0"), ("--seed", "-1"), ("--seed", "4294967296"),
    ("--familiar", "1000"), ("--familiar", "dogs"), ("--callbacks", "json"),
    ("--callbacks", "nowhere:make"), ("--callbacks", "json:nothing"),
    ("--callbacks", "json:__all__"),
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
    assert "invalid _" not in first, "a name from the code"
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


@pytest.mark.parametrize("ending", [".h5", ".keras", ".weights.h5", ".ONNX"])
@pytest.mark.parametrize(
    "command",
    [
        ["tiny", "--data", "nowhere"],
        ["auto", "nowhere"],
        ["adopt", "x.h5", "--labels", "a,b", "--scale", "1"],
    ],
    ids=lambda command: command[0],
)
def test_a_model_is_a_folder(
    command: list[str], ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--out", f"models/pets{ending}"]) == 2
    assert "names a folder" in capsys.readouterr().err


def test_a_folder_below_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "models").write_text("a file")
    assert main(["tiny", "--data", "nowhere", "--out", str(tmp_path / "models" / "x")]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("out", ["x.foo", "x", "nowhere/x.png"])
def test_a_sheet_that_cannot_be_written(out: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["activations", "models/x", "photo.jpg", "--out", out])
    assert capsys.readouterr().err.startswith("error: argument --out: ")


def test_a_missing_option_is_said_first(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["quantise", "--data", "nowhere"])
    assert capsys.readouterr().err.startswith("error: the following arguments are required: model")


OUTPUTS = [
    ["inspect", "nowhere", "--sheet"],
    ["predict", "models/x", "photo.jpg", "--csv"],
    ["predict", "models/x", "photo.jpg", "--json"],
    ["compare", "models/a", "models/b", "nowhere", "--page"],
    ["review", "models/x", "nowhere", "--page"],
    ["activations", "models/x", "photo.jpg", "--out"],
]


@pytest.mark.parametrize("command", OUTPUTS, ids=" ".join)
def test_a_file_that_cannot_be_written(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("a.html", "a.png"):
        (tmp_path / folder).mkdir()
    ending = ".html" if command[-1] == "--page" else ".png"
    for out in (tmp_path / "nowhere" / f"x{ending}", tmp_path / f"a{ending}"):
        with pytest.raises(SystemExit):
            main([*command, str(out)])
        assert capsys.readouterr().err.startswith(f"error: argument {command[-1]}: ")


NUMBERS = [
    ["prepare", "x.zip", "DATA", "--seed=-1"],
    ["prepare", "x.zip", "DATA", "--by-index", "0", "5"],
    ["prepare", "x.zip", "DATA", "--by-index", "5", "nan"],
    ["prepare", "x.zip", "DATA", "--validation", "1"],
    ["review", "models/x", "DATA", "--port", "65536"],
    ["review", "models/x", "DATA", "--port=-1"],
    ["review", "models/x", "DATA", "--first", "0"],
    ["threshold", "models/x", "DATA", "--others", "y", "--keep", "1.5"],
    ["stress", "models/x", "DATA", "--limit", "0"],
    ["adopt", "x.h5", "--out", "models/x", "--labels", "a,b", "--scale", "nan"],
    ["adopt", "x.h5", "--out", "models/x", "--labels", "a,b", "--scale", "1e999"],
    ["adopt", "x.h5", "--out", "models/x", "--labels", "a,b", "--scale", "0"],
    ["adopt", "x.h5", "--out", "models/x", "--labels", "a,b", "--scale", "1", "--offset", "inf"],
    [*RECIPE, "--familiar", "9-3"],
    [*RECIPE, "--familiar", "5-"],
    [*RECIPE, "--familiar", ""],
    [*RECIPE, "--held", "folder:0"],
    *([*RECIPE, "--labels", names] for names in ("", ",", "a", "a,a", "a,neither", "several,a")),
    ["adopt", "x.h5", "--out", "models/x", "--scale", "1", "--labels", "a"],
]  # fmt: skip


@pytest.mark.parametrize("command", NUMBERS, ids=" ".join)
def test_numbers_of_every_command(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(command)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("error: argument --")
    assert "invalid _" not in said, "a name from the code"


ON_PHOTOS = [
    ["evaluate", "MODEL", "nowhere"],
    ["compare", "MODEL", "MODEL:int8", "nowhere"],
    ["threshold", "MODEL", "nowhere", "--others", "nowhere"],
    ["stress", "MODEL", "nowhere"],
    ["precisions", "MODEL", "nowhere"],
    ["quantise", "MODEL", "--data", "nowhere"],
]


@pytest.mark.parametrize("command", ON_PHOTOS, ids=lambda command: command[0])
def test_a_missing_folder_is_said_before_the_model_is_loaded(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the model only its card is there."""
    card = read_card(ROOT / "models" / "cat_dog")
    (tmp_path / "m").mkdir()
    write_card(card, tmp_path / "m")
    own = [word.replace("MODEL", str(tmp_path / "m")) for word in command]
    assert main(own) == 2
    assert capsys.readouterr().err.startswith("error: There is no folder nowhere")


def test_a_folder_that_cannot_be_written_is_said_before_photos_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("a file")
    below = str(tmp_path / "file" / "x")
    model = str(ROOT / "models" / "cat_dog")
    for command in (
        ["prepare", "nowhere.zip", below],
        ["export", model, "--to", "tflite", "--out", below, "--validation", "nowhere"],
    ):
        assert main(command) == 2
        assert "cannot be written" in capsys.readouterr().err


def test_photos_of_other_things_that_cannot_be_read_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for i in range(3):
        (tmp_path / f"{i}.jpg").write_bytes(b"nothing")
    model = str(ROOT / "models" / "cat_dog")
    assert main(["export", model, "--to", "tflite", "--validation", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "2.jpg: " in said
    assert f"There are no photos in {tmp_path}" in said
