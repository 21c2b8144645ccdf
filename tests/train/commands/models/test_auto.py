"""train auto: what it tries, keeps and leaves out; with recipes light enough for a test."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.model.card import read_card
from common.model.classifier import Classifier
from support.shared import ROOT
from train.__main__ import main
from train.learning.candidates import Candidate, candidates
from train.learning.search import Search, Tried
from train.photos.run_photos import RunPhotos

LIGHT = (
    Candidate(("tiny", "--size", "16", "--epochs", "1"), looks=1.0, pretrained=False),
    Candidate(("tiny", "--size", "32", "--epochs", "8"), looks=1.0, pretrained=False),
)
TOO_LONG = Candidate(("tiny", "--epochs", "9999"), looks=1e9, pretrained=False)


def search(data: Path, folder: Path, seconds: float, said: list[str]) -> Search:
    photos = RunPhotos.read(data)
    folder.mkdir(exist_ok=True)
    return Search(
        folder=folder,
        model="shapes",
        options=("--data", str(data)),
        cache=folder / "cache",
        train=photos.train,
        validation=photos.validation,
        seconds=seconds,
        say=said.append,
    )


@pytest.mark.slow
def test_the_best_by_validation_loss_is_kept_and_the_rest_is_told(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = Candidate(("bottleneck", "--backbone", "NoSuchNet"), looks=1.0)
    every = [*LIGHT, broken, TOO_LONG]
    monkeypatch.setattr("train.commands.models.auto.candidates", lambda best: iter(every))
    out = tmp_path / "models" / "shapes"
    assert main(["auto", str(data), "--out", str(out), "--minutes", "30", "--no-photos"]) == 0
    printed = capsys.readouterr().out
    card = Classifier.load(out).card
    first, second, failed, left_out = card.settings["tried"]
    best = min(first, second, key=lambda one: one["log_loss"])
    assert card.settings["size"] == int(best["name"].split()[2])
    assert f"Kept: {best['name']}" in printed
    assert failed["log_loss"] is None
    assert "There is no network NoSuchNet" in failed["note"]
    assert left_out["note"].startswith("left out: it takes about")
    page = (out / "report" / "tried.html").read_text(encoding="utf-8")
    for one in (first, second):
        assert f"{one['log_loss']:.4f}" in page
    assert "left out: it takes about" in page
    assert f"<b>{best['name']}</b>" in page
    assert (out / "report" / "index.html").is_file()
    assert (tmp_path / "models" / ".shapes.auto").is_dir(), "--resume with more minutes goes on"
    monkeypatch.setattr("train.commands.models.auto.candidates", lambda best: iter(LIGHT))
    assert main(["auto", str(data), "--out", str(out), "--no-photos", "--resume"]) == 0
    again = read_card(out).settings["tried"]
    assert [one["log_loss"] for one in again] == [first["log_loss"], second["log_loss"]]
    assert [path.name for path in out.parent.iterdir()] == ["shapes"], "nothing is left to try"


def test_a_recipe_is_stopped_when_the_time_is_up(data: Path, tmp_path: Path) -> None:
    said: list[str] = []
    found = search(data, tmp_path / "search", 1.0, said)
    found.run(iter([TOO_LONG, LIGHT[0]]))
    assert found.best is None
    assert [one.note for one in found.tried] == [
        "stopped: the time was up",
        "left out: 0 s are left",
    ]
    assert found.unfinished


def test_a_search_goes_on_only_with_the_same_photos(
    data: Path, own_data: Path, tmp_path: Path
) -> None:
    first = search(data, tmp_path / "search", 1.0, [])
    first._note(Tried("tiny", 3.0, 0.5, 0.75))
    other = search(own_data, tmp_path / "search", 1.0, [])
    with pytest.raises(Exception, match="other photos or options"):
        other.run(iter(()))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--minutes", "0"], "must be above 0"),
        (["--minutes", "soon"], "is no number"),
        (["--resume"], "no earlier search"),
        (["--labels", "a,b"], "3 labels are needed"),
    ],
)
def test_what_cannot_be_is_said_first(
    arguments: list[str], reason: str, data: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    try:
        status = main(["auto", str(data), "--out", str(tmp_path / "shapes"), *arguments])
    except SystemExit as stopped:
        status = int(stopped.code or 0)
    assert status == 2
    assert reason in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def names(best: str | None) -> list[str]:
    return [one.name for one in candidates(lambda: best)]


def test_what_is_tried() -> None:
    heads = [f"bottleneck --backbone EfficientNetLite{i}" for i in (0, 2, 1)]
    assert names(heads[1]) == [*heads, "fine-tune --backbone EfficientNetLite2", "robust"]
    assert names(None) == [*heads, "small --augment"], "where no pretrained network can be had"


@pytest.fixture
def running(data: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A search as a process, whose second recipe has begun."""
    code = f"""
import sys
from train.learning.candidates import Candidate
from train.commands.models import auto
quick = Candidate({LIGHT[0].command!r}, looks=1e-3, pretrained=False)
long = Candidate({TOO_LONG.command!r}, looks=1e-3, pretrained=False)
auto.candidates = lambda best: iter([quick, long])
from train.__main__ import main
sys.exit(main(["auto", {str(data)!r}, "--out", {str(tmp_path / "shapes")!r}, "--minutes", "60"]))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(TOO_LONG.name):
            break
    yield process
    process.kill()
    process.wait()


@pytest.mark.slow
def test_ctrl_c_keeps_the_best_so_far(
    running: subprocess.Popen[str], data: Path, tmp_path: Path
) -> None:
    os.kill(running.pid, signal.SIGINT)
    output, _ = running.communicate()
    assert running.returncode == 0
    assert f"Kept: {LIGHT[0].name}" in output
    assert Classifier.load(tmp_path / "shapes").card.settings["size"] == 16
    tried = json.loads((tmp_path / ".shapes.auto" / "tried.json").read_text())["tried"]
    assert [one["name"] for one in tried] == [LIGHT[0].name]
