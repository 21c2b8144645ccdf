"""`compare` of two model folders: figures, the page, and what is refused before anything runs."""

import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from common.model.card import read_card, write_card
from support.colour_model import write_colour_model
from train.__main__ import main

# What each photo is of and whether it is red, as cats are to A; to B, whose labels are the same in
# another order, dogs are red.
COLOURS = {"cat": "rrrrrrbb", "dog": "bbbbrrr"}
RIGHT = {"A": 6 + 4, "B": 2 + 3}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for label, colours in COLOURS.items():
        (folder / label).mkdir(parents=True)
        for i, colour in enumerate(colours):
            shade = 200 + i
            red = (shade, 20, 20) if colour == "r" else (20, 20, shade)
            Image.new("RGB", (80, 60), red).save(folder / label / f"{i}.png")
    return folder


@pytest.fixture
def models(tmp_path: Path) -> list[str]:
    """A and B."""
    write_colour_model(tmp_path / "models" / "first")
    write_colour_model(tmp_path / "models" / "second", labels=("dog", "cat"), version="7")
    return [str(tmp_path / "models" / name) for name in ("first", "second")]


def test_figures_are_those_of_the_photos(
    models: list[str], photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "compare.html"
    assert main(["compare", *models, str(photos), "--json", "--page", str(page)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["counts"] == {
        "photos": 15, "both_right": 0, "only_a": RIGHT["A"], "only_b": RIGHT["B"], "both_wrong": 0,
    }  # fmt: skip
    for name, right in RIGHT.items():
        figure = said["accuracy"][name]
        assert figure["value"] == pytest.approx(right / 15)
        assert figure["low"] < figure["value"] < figure["high"]
    assert said["difference"]["value"] == pytest.approx(-5 / 15)
    assert said["by_label"]["cat"]["only_b"] == 2
    assert len(said["photos"]) == 15
    for one in said["photos"]:
        label, i = one["photo"].removesuffix(".png").split("/")
        assert one["label"] == label
        red = COLOURS[label][int(i)] == "r"
        assert (one["A"]["cat"] > 0.5) == red == (one["B"]["dog"] > 0.5), "each by its own labels"

    html = page.read_text(encoding="utf-8")
    assert all(one["photo"] in html for one in said["photos"])
    assert html.count("data:image/jpeg") == 3 * 15, "the photo, and where each model looked"
    assert set(re.findall(r'(?:src|href)="([^"]{11})', html)) == {"data:image/"}, "all in one file"
    assert str(tmp_path) not in html


def test_the_table_says_it_in_words(
    models: list[str], photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "compare.html"
    assert main(["compare", *models, f"{photos}", "--page", str(page), "--no-photos"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^B  second 7, float32$", said, re.M)
    assert re.search(r"^cat +8 +0 +6 +2 +0$", said, re.M)
    assert "A is right on 10, B on 5" in said
    assert "may well be chance" in said
    html = page.read_text(encoding="utf-8")
    assert "data:" not in html
    assert "<img" not in html
    assert re.search(r"\d\.png, labelled", html), "photos are named, not shown"


def test_photos_come_from_the_environment(
    models: list[str], photos: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    photos.rename(photos.with_name("validation"))
    monkeypatch.setenv("DATA_PATH", str(photos.parent))
    assert main(["compare", *models]) == 0
    assert "A is right on 10" in capsys.readouterr().out


def test_what_cannot_be_compared(
    models: list[str], photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.delenv("DATA_PATH", raising=False)
    first, second = models
    write_colour_model(tmp_path / "renamed", labels=("ant", "bee"))
    mapped = {"settings": {"classes": ["puss", "rover"]}}
    for model in ("first", "second"):
        card = read_card(tmp_path / "models" / model)
        shutil.copytree(tmp_path / "models" / model, tmp_path / model)
        write_card(card.model_copy(update=mapped), tmp_path / model)
    other = tmp_path / "other"
    for name in ("puss", "rover"):
        (other / name).mkdir(parents=True)
        shutil.copy(photos / "cat" / "1.png", other / name)
    refusals = [
        ([first, first, str(photos)], "is given twice"),
        ([first, f"{first}/../first:float32", str(photos)], "is given twice"),
        ([first, f"{first}:int8", str(photos)], "it has no 8-bit file"),
        ([first, str(tmp_path / "nowhere"), str(photos)], "card.json cannot be read"),
        ([first, str(tmp_path / "renamed"), str(photos)], "only models of the same labels"),
        ([first, second, str(other)], "are not the labels of first"),
        ([str(tmp_path / x) for x in ("first", "second", "other")], "are cat to A and dog to B"),
        ([first, second, str(tmp_path / "none")], "There is no folder"),
        ([first, second], "Which photos?"),
    ]
    for words, reason in refusals:
        assert main(["compare", *words]) == 2, words
        err = capsys.readouterr().err
        assert reason in err, err
        assert err.startswith("error: ")
        assert err.count("\n") == 1, err


@pytest.mark.parametrize("page", ["report.pdf", "nowhere/page.html"])
def test_a_page_that_cannot_be_written_is_told_first(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(["compare", "a", "b", "photos", "--page", page])
    assert "error: argument --page" in capsys.readouterr().err
