"""Exports for other runtimes: they say what model.onnx says, each in a process of its own."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from common.errors import ModelError
from common.images import decode
from common.model.card import read_card, write_card
from common.model.classifier import Classifier
from support.shared import ROOT
from tests.train.conftest import SHAPES
from train.__main__ import main
from train.calibration.calibration import Calibration
from train.calibration.rejection import Rejection
from train.export.model_folder import KERAS, TrainedModel, write_folder
from train.export.runtime_export import proof
from train.networks import parts

GUIDE = ROOT / "docs" / "training.md"
SAVED_MODEL = """
import numpy as np, sys, tensorflow as tf
run = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
np.savez("answer.npz", **{k: v.numpy() for k, v in run(pictures=np.load("two.npy")).items()})
"""


def make_model(folder: Path, seed: int) -> Path:
    """A model folder with every output that there is, on random weights."""
    keras.utils.set_random_seed(seed)
    pictures = parts.pictures((32, 32))
    maps = keras.layers.Conv2D(8, 3, activation="relu")(keras.layers.Rescaling(1 / 64)(pictures))
    pool, dropout, logits = parts.head("gap", 3, 0.1)
    pooled = pool(maps)
    outputs = {
        parts.LOGITS: logits(dropout(pooled)),
        parts.PRESENCE: keras.layers.Dense(3, name="presence")(pooled),
        parts.TURN: keras.layers.Dense(4, name="turn")(pooled),
    }
    random = np.random.default_rng(seed)
    write_folder(
        TrainedModel(
            model=keras.Model(pictures, outputs),
            recipe="robust",
            settings={"classes": list(SHAPES)},
            labels=SHAPES,
            data={"counts": {}, "sha256": "0" * 64},
            calibration=Calibration(
                0.4, Rejection(random.normal(size=8).astype(np.float32), 0.1), 0.5, 0.5, 0.5
            ),
        ),
        folder, "1", None,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "whole", 1)


@pytest.fixture
def photos(data: Path, tmp_path: Path) -> np.ndarray:
    """Two photos, decoded; the folder they are of is named by DATA/validation."""
    files = [next((data / "validation" / shape).iterdir()) for shape in SHAPES[:2]]
    pixels = np.stack([decode(file.read_bytes(), (32, 32)) for file in files])
    np.save(tmp_path / "two.npy", pixels)
    return pixels


def python(code: str, *words: str, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def snippet() -> str:
    """The guide's lines for a Raspberry Pi."""
    [code] = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text("utf-8"), re.M | re.S)
    return code


def test_tflite_runs_as_the_guide_says(
    whole: Path, data: Path, photos: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "exports" / "fruit_tflite"
    command = ["export", str(whole), "--to", "tflite", "--out", str(out)]
    assert main([*command, "--validation", str(data / "validation")]) == 0
    said = capsys.readouterr()
    assert "on 18 photos" in said.out
    assert "Raspberry Pi" in said.err
    assert {p.name for p in out.iterdir()} == {"model.tflite", "labels.txt", "metadata.json"}
    assert (out / "labels.txt").read_text().split() == list(SHAPES)
    about = json.loads((out / "metadata.json").read_text())
    assert (about["labels"], about["input"]["height"]) == (list(SHAPES), 32)
    assert about["neither_threshold"] == 0.5

    shutil.copy(next((data / "validation" / SHAPES[0]).iterdir()), tmp_path / "photo.jpg")
    ending = "\nprint(json.dumps({name: value.tolist() for name, value in answer.items()}))"
    done = subprocess.run(
        [sys.executable, "-c", snippet() + ending], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    first, last = done.stdout.splitlines()[-2:]
    assert first in SHAPES
    answer = json.loads(last)
    assert set(answer) == set(read_card(whole).outputs.all())

    run = (
        "import numpy as np; from ai_edge_litert.interpreter import Interpreter\n"
        "run = Interpreter('exports/fruit_tflite/model.tflite').get_signature_runner()\n"
        "rows = [run(pictures=x[None]) for x in np.load('two.npy')]\n"
        "np.savez('answer.npz', **{k: np.concatenate([r[k] for r in rows]) for k in rows[0]})"
    )
    python(run, folder=tmp_path)
    check(tmp_path / "answer.npz", whole, photos)


def test_a_saved_model_takes_any_number_of_pictures(
    whole: Path, photos: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATA_PATH", raising=False)
    assert main(["export", str(whole), "--to", "savedmodel"]) == 0
    assert "on drawn pictures" in capsys.readouterr().out
    out = tmp_path / "exports" / "whole_savedmodel"
    assert (out / "saved_model.pb").is_file()
    assert (out / "assets.extra" / "labels.txt").read_text().split() == list(SHAPES)
    python(SAVED_MODEL, str(out), folder=tmp_path)
    check(tmp_path / "answer.npz", whole, photos)


def check(answers: Path, model: Path, photos: np.ndarray) -> None:
    """What a runtime answered is what the service would answer, output by output."""
    classifier = Classifier.load(model)
    names = classifier.card.outputs.all()
    assert set(names) == {"scores", "familiarity", "maps", "presence", "turn"}
    with np.load(answers) as found:
        assert set(found) == set(names)
        for name, rows in zip(names, classifier.run(photos, names), strict=True):
            np.testing.assert_allclose(found[name], rows, atol=1e-4)


def test_an_export_that_says_something_else_is_refused(
    whole: Path, photos: np.ndarray, tmp_path: Path
) -> None:
    assert main(["export", str(whole), "--to", "tflite", "--out", str(tmp_path / "out")]) == 0
    other = Classifier.load(make_model(tmp_path / "other", 2))
    with pytest.raises(ModelError, match="differs from that of model"):
        proof(tmp_path / "out" / "model.tflite", other, photos)
    (tmp_path / "out" / "model.tflite").write_bytes(b"no model")
    with pytest.raises(ModelError, match="does not run in its own runtime"):
        proof(tmp_path / "out" / "model.tflite", other, photos)


def test_what_cannot_be_exported(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare, old, precious = tmp_path / "bare", tmp_path / "old", tmp_path / "precious"
    shutil.copytree(whole, bare)
    (bare / KERAS).unlink()
    shutil.copytree(whole, old)
    card = read_card(old)
    files = {name: spec for name, spec in card.files.items() if name != "familiarity.npz"}
    write_card(card.model_copy(update={"files": files}), old)
    precious.mkdir()
    (precious / "thesis.txt").write_text("all of it")
    (tmp_path / "empty").mkdir()
    export = ["--to", "tflite", "--out", str(tmp_path / "out")]
    refusals = [
        ([str(bare), *export], "has no model.keras"),
        ([str(old), *export], "has no familiarity.npz"),
        ([str(tmp_path / "nowhere"), *export], "card.json cannot be read"),
        ([str(whole), "--to", "tflite", "--out", str(tmp_path / "a.tflite")], "names a folder"),
        ([str(whole), "--to", "tflite", "--out", str(precious)], "is there already"),
        ([str(whole), "--to", "tflite", "--out", str(precious), "--overwrite"], "is no export"),
        ([str(whole), *export, "--validation", str(tmp_path / "empty")], "There are no photos"),
        ([str(whole), "--overwrite"], "go with --to"),
        ([str(whole)], "There is no finished run"),
    ]
    for words, reason in refusals:
        assert main(["export", *words]) == 2, words
        err = capsys.readouterr().err
        assert reason in err
        assert err.count("\n") == 1, err
    assert (precious / "thesis.txt").is_file()
    assert {p.name for p in tmp_path.iterdir()} == {"bare", "old", "precious", "empty"}
