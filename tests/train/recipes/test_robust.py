"""The robust recipe from its command line to a model that tells more than a label."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from common.images import decode
from common.model.card import read_card, write_card
from common.model.classifier import Classifier
from common.model.prediction import SEVERAL
from tests.train.conftest import draw
from train.__main__ import main
from train.export.model_folder import KERAS
from train.networks import backbones, parts, saved

NETWORK = (
    "--backbone=EfficientNetLite0", "--size=64", "--learn-from=block14_add", "--batch=16",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder by the robust recipe; read only."""
    things = tmp_path_factory.mktemp("things")
    for i in range(24):
        draw("circles", 9000 + i).convert("L").save(things / f"thing{i // 3}_{i % 3}.png")
    out = tmp_path_factory.mktemp("models") / "robust"
    cache = tmp_path_factory.mktemp("cache")
    arguments = [
        "robust", "--data", str(data), "--out", str(out), "--cache", str(cache),
        "--others", str(things), "--views", "64", "--epochs", "1", *NETWORK,
    ]  # fmt: skip
    assert main(arguments) == 0
    return out


def test_it_is_a_model_folder_with_all_outputs(folder: Path, data: Path) -> None:
    classifier = Classifier.load(folder)
    card = classifier.card
    assert card.recipe == "robust"
    assert card.pretrained is not None
    assert card.pretrained.licence == "Apache-2.0"
    assert set(card.outputs.all()) == {"scores", "familiarity", "maps", "presence", "turn"}
    assert None not in (card.neither_threshold, card.present_threshold, card.turn_threshold)
    photo = next((data / "validation" / "circles").iterdir())
    pixels = decode(photo.read_bytes(), classifier.target)[None]
    presence, turn, familiarity = classifier.run(pixels, ["presence", "turn", "familiarity"])
    assert presence.shape == (1, 3)
    assert turn.sum() == pytest.approx(1, abs=1e-5)
    assert 0 <= familiarity[0] <= 1
    assert not [path for path in folder.parent.iterdir() if path.name.startswith(".")]


def test_it_can_be_put_into_8_bits(folder: Path, data: Path) -> None:
    arguments = ["quantise", str(folder), "--data", str(data)]
    main(arguments)  # so small a network may lose too much to be kept
    card = Classifier.load(folder, precision="float32").card
    assert card.present_threshold is not None


def test_several(folder: Path) -> None:
    """A label is present from the card's threshold on."""
    classifier = Classifier.load(folder, precision="float32")
    classifier.card = classifier.card.model_copy(
        update={"present_threshold": 0.0, "neither_threshold": 0.0}
    )
    (found,) = classifier.predict(np.full((1, 64, 64, 3), 90, np.uint8), explain=True)
    assert found.verdict == SEVERAL
    assert set(found.present) == set(found.scores)
    assert found.heatmaps is not None
    assert set(found.heatmaps) == set(found.present)


def test_predict_says_which(
    folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model"
    shutil.copytree(folder, model)
    low = {"present_threshold": 0.0, "neither_threshold": 0.0}
    write_card(read_card(model).model_copy(update=low), model)
    photo = str(next((data / "validation" / "circles").iterdir()))
    table, lines = tmp_path / "answers.csv", tmp_path / "answers.json"
    command = ["predict", str(model), photo, "--precision", "float32"]
    assert main([*command, "--csv", str(table), "--json", str(lines)]) == 0
    assert main(command) == 0
    (answer,) = json.loads(lines.read_text())
    assert answer["verdict"] == SEVERAL
    assert set(answer["present"]) == set(answer["scores"])
    with table.open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["present"].split(";") == answer["present"]
    assert f"several ({', '.join(answer['present'])})" in capsys.readouterr().out


def test_random_weights_have_no_imagenet_head(own_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "plain"
    arguments = [
        "robust", "--data", str(own_data), "--out", str(out), "--cache", str(tmp_path / "cache"),
        "--views", "32", "--epochs", "1", "--weights", "none", *NETWORK,
    ]  # fmt: skip
    assert main(arguments) == 0
    card = Classifier.load(out).card
    assert card.pretrained is None
    assert card.outputs.familiarity == "familiarity"


def test_a_single_view_is_enough(own_data: Path, tmp_path: Path) -> None:
    arguments = [
        "robust", "--data", str(own_data), "--out", str(tmp_path / "one"),
        "--cache", str(tmp_path / "cache"), "--views", "1", "--epochs", "1", "--weights", "none",
        *NETWORK,
    ]  # fmt: skip
    assert main(arguments) == 0


def test_more_of_the_backbone_learns_at_the_end(own_data: Path, tmp_path: Path) -> None:
    """What lies below both layers stays as it was, what lies between them only learns deeper."""
    out = tmp_path / "deep"
    arguments = [
        "robust", "--data", str(own_data), "--out", str(out), "--cache", str(tmp_path / "cache"),
        "--views", "32", "--epochs", "1", *NETWORK,
        "--deeper-views", "32", "--deeper-from", "block10_add",
    ]  # fmt: skip
    assert main(arguments) == 0
    before = backbones.build("EfficientNetLite0", "imagenet", (64, 64))
    after = parts.backbone(saved.load(out / KERAS))
    changed = {
        layer.name
        for layer in before.layers
        if any(
            not np.array_equal(old, new)
            for old, new in zip(
                layer.get_weights(), after.get_layer(layer.name).get_weights(), strict=True
            )
        )
    }
    kinds = {name.split("_")[0] for name in changed}
    assert kinds == {*(f"block{i}" for i in range(11, 16)), "head"}
    assert json.loads((out / "card.json").read_text())["settings"]["deeper_views"] == 32


def test_stress(folder: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stress", str(folder), str(data / "validation"), "--limit", "6"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("as they are")
    assert any(line.startswith("two labels, inset") for line in lines)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--learn-from", "no_such_layer"], "cannot be divided behind a layer 'no_such_layer'"),
        (
            ["--deeper-views", "32", "--deeper-from", "block15_project_bn"],
            "--deeper-from has to name a layer before block14_add",
        ),
        (["--others", "nowhere"], "There is no folder nowhere"),
        (["--others", "{data}/train"], "are photos of the labels, too, for example"),
    ],
)
def test_mistakes_are_one_line(
    data: Path, tmp_path: Path, more: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    more = [part.format(data=data) for part in more]
    arguments = ["robust", "--data", str(data), "--out", str(tmp_path / "m"), *NETWORK, *more]
    assert main(arguments) == 2
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "m").exists()
