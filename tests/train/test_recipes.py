"""Every recipe from its command line to a model folder that the service would accept."""

import json
from pathlib import Path

import numpy as np
import pytest

from common.classifier import Classifier
from common.images import decode
from train.__main__ import main
from train.data import scan

LIGHT = ["--backbone", "MobileNetV2", "--weights", "none", "--size", "32", "--epochs", "1"]
RECIPES = {
    "bottleneck": ["bottleneck", *LIGHT],
    "bottleneck-flatten": ["bottleneck", *LIGHT, "--head", "flatten"],
    "fine-tune": ["fine-tune", *LIGHT],
}


def train(command: list[str], data: Path, out: Path, *more: str) -> int:
    cache = (
        ["--cache", str(out.parent / "cache")] if command[0] in ("bottleneck", "fine-tune") else []
    )
    return main([*command, "--data", str(data), "--out", str(out), *cache, *more])


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_makes_a_folder_that_serves(name: str, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "models" / "shapes"
    assert train(RECIPES[name], data, out) == 0

    classifier = Classifier.load(out)
    card = classifier.card
    assert card.labels == ("circles", "squares", "stripes")
    assert card.recipe == RECIPES[name][0]
    assert sum(card.data.counts.values()) < 48, "a share of the training photos is held"
    assert {p.name for p in out.iterdir()} == {
        "card.json", "model.onnx", "model.keras", "model.weights.h5", "report",
    }  # fmt: skip
    photo = next((data / "validation" / "circles").iterdir())
    found = classifier.predict(decode(photo.read_bytes(), classifier.target)[None], explain=True)
    assert sum(found[0].scores.values()) == pytest.approx(1, abs=1e-5)
    assert (found[0].heatmap is None) == ("flatten" in name)
    assert [p.name for p in out.parent.iterdir() if p.name.startswith(".")] == []


def test_labels_rename_the_sorted_folders(own_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "renamed"
    assert train(RECIPES["bottleneck"], own_data, out, "--labels", "circle,square") == 0
    card = Classifier.load(out).card
    assert card.labels == ("circle", "square")
    assert card.settings["classes"] == ["circles", "squares"]
    assert main(["evaluate", str(out), str(own_data / "validation")]) == 0


def test_evaluate_measures_the_served_file(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "shapes"
    train(RECIPES["bottleneck"], data, out)
    capsys.readouterr()
    assert main(["evaluate", str(out), str(data / "validation"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    classifier, photos = Classifier.load(out), scan(data / "validation")
    right = [
        classifier.predict(decode(path.read_bytes(), classifier.target)[None])[0].verdict
        == photos.classes[kind]
        for path, kind in zip(photos.paths, photos.truth, strict=True)
    ]
    assert said["accuracy"] == pytest.approx(np.mean(right))
    metrics = {metric.name: metric.value for metric in classifier.card.metrics}
    assert metrics["accuracy"] == pytest.approx(said["accuracy"], abs=1e-6)


def test_an_existing_folder_is_replaced_only_when_asked(
    own_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "shapes"
    out.mkdir()
    (out / "mine.txt").write_text("keep me")
    assert train(RECIPES["bottleneck"], own_data, out) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (out / "mine.txt").read_text() == "keep me"
    assert train(RECIPES["bottleneck"], own_data, out, "--overwrite") == 0
    assert not (out / "mine.txt").exists()
    assert Classifier.load(out).card.name == "shapes"


def test_fine_tune_starts_from_a_folder(own_data: Path, tmp_path: Path) -> None:
    probe, out = tmp_path / "probe", tmp_path / "tuned"
    train(RECIPES["bottleneck"], own_data, probe)
    start = ["fine-tune", "--start", str(probe), "--epochs", "1", "--size", "32"]
    assert train([*start, "--mix", "0.01", "--learning-rate", "1e-9"], own_data, out) == 0
    picture = np.full((1, 32, 32, 3), 90, np.uint8)
    before, after = (Classifier.load(folder).run(picture, ["scores"])[0] for folder in (probe, out))
    assert after == pytest.approx(before, abs=1e-3)
