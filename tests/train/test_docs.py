"""The commands of docs/training.md, run as they stand."""

import re
import shlex
import shutil
from pathlib import Path

import keras
import pytest

from common.model.classifier import Classifier
from support.shared import ROOT
from tests.train.conftest import draw
from train.__main__ import COMMANDS, main
from train.learning.candidates import Candidate

FRUIT = {"apples": "circles", "pears": "squares", "plums": "stripes"}

# What makes a recipe light enough for a test; the last of two options counts.
NETWORK = ["--backbone", "MobileNet", "--weights", "none", "--size", "32"]
LIGHT = {
    "tiny": ["--epochs", "2"],
    "bottleneck": [*NETWORK, "--epochs", "2"],
    "fine-tune": [*NETWORK, "--epochs", "1"],
}


def commands(document: str) -> list[list[str]]:
    blocks = re.findall(r"^```sh\n(.*?)^```", document, flags=re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line]
    assert all(line.startswith("python -m train ") for line in lines)
    return [shlex.split(line)[3:] for line in lines]


@pytest.fixture
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with what the documents take for granted."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATA_PATH", raising=False)
    for name, kind in FRUIT.items():
        (tmp_path / "my_photos" / name).mkdir(parents=True)
        for i in range(18):
            draw(kind, i).save(tmp_path / "my_photos" / name / f"{i}.jpg", quality=90)
    shutil.copy(tmp_path / "my_photos" / "apples" / "1.jpg", tmp_path / "photo.jpg")
    shutil.copytree(tmp_path / "my_photos" / "plums", tmp_path / "other_things")
    layers = [keras.Input((20, 20, 3)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    keras.Sequential(layers).save(tmp_path / "old.keras")
    return tmp_path


@pytest.mark.slow
def test_every_command_of_the_guide(working_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    light = Candidate(("tiny", *LIGHT["tiny"]), looks=1.0, pretrained=False)
    monkeypatch.setattr("train.commands.models.auto.candidates", lambda best: iter([light]))
    run = set()
    for command in commands((ROOT / "docs" / "training.md").read_text(encoding="utf-8")):
        assert main([*command, *LIGHT.get(command[0], [])]) == 0, command
        run.add(command[0])
    assert set(COMMANDS) - run <= {"small", "robust", "stress", "export", "config"}
    for model in (working_folder / "models").iterdir():
        assert Classifier.load(model).card.labels == tuple(FRUIT)
    assert (working_folder / "answers.csv").read_text().count("\n") > 6
    assert (working_folder / "activations.png").is_file()


def test_every_command_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        with pytest.raises(SystemExit) as stopped:
            main([command, "--help"])
        assert stopped.value.code == 0
        assert f"python -m train {command}" in capsys.readouterr().out
