import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.errors import ModelError
from common.model.card import sha256_of
from common.model.classifier import Classifier
from common.model.prediction import heatmap
from support.colour_model import prove_again, write_colour_model

RED, GREY, BLUE = (200, 30, 30), (90, 90, 90), (30, 30, 200)


def picture(colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((56, 56, 3), colour, np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_colour_model(tmp_path / "colours")
    return tmp_path / "colours"


def test_a_batch_is_answered_in_order(folder: Path) -> None:
    pictures = np.stack([picture(RED), picture(BLUE), picture(GREY)])
    cat, dog, neither = Classifier.load(folder).predict(pictures)
    assert [cat.verdict, dog.verdict, neither.verdict] == ["cat", "dog", "neither"]
    assert list(dog.scores) == ["dog", "cat"]
    assert sum(dog.scores.values()) == pytest.approx(1)
    assert cat.familiarity is not None
    assert neither.familiarity is not None
    assert cat.familiarity > 0.5 > neither.familiarity
    assert cat.heatmap is None


def test_the_heatmap_shows_where_the_top_label_is(folder: Path) -> None:
    pixels = picture(GREY)
    pixels[:, 32:] = BLUE
    (dog,) = Classifier.load(folder).predict(pixels[np.newaxis], explain=True)
    assert dog.heatmap is not None
    assert dog.heatmap.shape == (7, 7)
    assert dog.heatmap.max() == 1
    assert dog.heatmap[:, 4:].sum() == dog.heatmap.sum()


def test_a_map_without_evidence_is_empty() -> None:
    assert heatmap(np.full((2, 2), -1, np.float32)).tolist() == [[0, 0], [0, 0]]


def damage_model(folder: Path) -> None:
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"x")


def edit_card(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        card = json.loads((folder / "card.json").read_text())
        change(card)
        (folder / "card.json").write_text(json.dumps(card))

    return edit


def wrong_golden(card: dict[str, Any]) -> None:
    card["golden"]["disc"]["scores"] = [0.25, 0.75]


DAMAGES = [
    (lambda folder: (folder / "card.json").unlink(), "card.json cannot be read"),
    (lambda folder: (folder / "card.json").write_text("{"), "card.json is wrong at the file"),
    (lambda folder: (folder / "model.onnx").unlink(), "model.onnx is missing"),
    (damage_model, "SHA-256 differs"),
    (edit_card(lambda card: card.pop("labels")), "wrong at labels"),
    (edit_card(lambda card: card.update(surprise=1)), "wrong at surprise"),
    (edit_card(lambda card: card.update(labels=["cat", "cat"])), "labels must differ"),
    (edit_card(lambda card: card.update(labels=["cat", "neither"])), "labels must differ"),
    (edit_card(lambda card: card["input"].update(height=57)), "not what the card says"),
    (edit_card(lambda card: card["outputs"].update(maps="cam")), "has no output cam"),
    (edit_card(lambda card: card.update(neither_threshold=None)), "neither_threshold goes with"),
    (edit_card(wrong_golden), "golden vector disc/scores"),
    (edit_card(lambda card: card["golden"]["disc"].pop("maps")), "golden vector disc/maps"),
    (edit_card(lambda card: card.pop("golden")), "has not the golden vectors"),
]


@pytest.mark.parametrize(("damage", "words"), DAMAGES, ids=[words for _, words in DAMAGES])
def test_a_folder_that_does_not_match_is_refused(
    folder: Path, damage: Callable[[Path], None], words: str
) -> None:
    damage(folder)
    with pytest.raises(ModelError, match=words) as refusal:
        Classifier.load(folder)
    assert str(folder) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_no_graph_is_refused(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"no graph")
    edit_card(
        lambda card: card["files"]["model.onnx"].update(sha256=sha256_of(folder / "model.onnx"))
    )(folder)
    with pytest.raises(ModelError, match=r"model\.onnx cannot be loaded"):
        Classifier.load(folder)


def test_a_model_without_familiarity_never_says_neither(folder: Path) -> None:
    def plain(card: dict[str, Any]) -> None:
        card["outputs"]["familiarity"] = None
        card["neither_threshold"] = None

    edit_card(plain)(folder)
    prove_again(folder)
    (prediction,) = Classifier.load(folder).predict(picture(GREY)[np.newaxis])
    assert prediction.familiarity is None
    assert prediction.verdict in ("cat", "dog")


def test_without_maps_it_covers_and_asks_again(folder: Path) -> None:
    edit_card(lambda card: card["outputs"].update(maps=None))(folder)
    prove_again(folder)
    pixels = picture(GREY)
    pixels[:24, :24] = RED
    (cat,) = Classifier.load(folder).predict(pixels[np.newaxis], explain=True)
    assert cat.verdict == "cat"
    assert cat.heatmap is not None
    assert cat.heatmap.shape == (7, 7)
    assert cat.heatmap[:3, :3].sum() > 0.8 * cat.heatmap.sum()


@pytest.fixture
def twofold(folder: Path) -> Path:
    """The model folder with an 8-bit file of its own temperature; the same graph stands for it."""
    (folder / "model.int8.onnx").write_bytes((folder / "model.onnx").read_bytes())

    def describe(card: dict[str, Any]) -> None:
        card["files"]["model.int8.onnx"] = card["files"]["model.onnx"] | {"tolerance": 0.1}
        card["int8"] = {"temperature": 2, "neither_threshold": 0.9, "golden": card["golden"]}

    edit_card(describe)(folder)
    return folder


@pytest.mark.parametrize(("quick", "precision"), [(True, "int8"), (False, "float32")])
def test_the_quicker_file_for_this_cpu_is_run(
    twofold: Path, monkeypatch: pytest.MonkeyPatch, quick: bool, precision: str
) -> None:
    monkeypatch.setattr("common.model.classifier.has_fast_int8", lambda weight_bits: quick)
    assert Classifier.load(twofold).precision == precision


def test_each_file_has_a_card_of_its_own(twofold: Path) -> None:
    floats = Classifier.load(twofold, precision="float32").card
    int8 = Classifier.load(twofold, precision="int8").card
    assert (floats.version, floats.temperature, floats.neither_threshold) == ("1", 1, 0.5)
    assert (int8.version, int8.temperature, int8.neither_threshold) == ("1+int8", 2, 0.9)


def test_a_folder_without_8_bits_says_so_when_asked_for_them(folder: Path) -> None:
    with pytest.raises(ModelError, match="has no 8-bit file"):
        Classifier.load(folder, precision="int8")


def test_the_8_bit_file_is_proven_too(twofold: Path) -> None:
    (twofold / "model.int8.onnx").write_bytes(b"something else")
    Classifier.load(twofold, precision="float32")
    with pytest.raises(ModelError, match=r"model\.int8\.onnx is not the file of the card"):
        Classifier.load(twofold, precision="int8")
