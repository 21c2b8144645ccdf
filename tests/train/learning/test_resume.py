"""Interrupted and killed runs: they go on, and end where an uninterrupted one does."""

import errno
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from common.model.card import read_card
from support.shared import ROOT
from train.__main__ import main
from train.learning.runs import Run

SMALL = ["small", "--size", "32", "--epochs", "3", "--batch", "8", "--augment"]


def weights(folder: Path) -> list[np.ndarray]:
    import keras

    return keras.models.load_model(folder / "model.keras").get_weights()


def same(one: Path, other: Path) -> None:
    for a, b in zip(weights(one), weights(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)
    golden = [read_card(folder).golden for folder in (one, other)]
    assert golden[0]["noise"]["scores"] == pytest.approx(golden[1]["noise"]["scores"], abs=1e-5)


def test_ctrl_c_and_resume_give_what_an_uninterrupted_run_gives(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    assert main([*SMALL, "--data", str(data), "--out", str(whole)]) == 0

    save = Run.save

    def save_then_ctrl_c(self: Run, model, stage, state, best) -> None:
        save(self, model, stage, state, best)
        if state.epoch == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Run, "save", save_then_ctrl_c)
    assert main([*SMALL, "--data", str(data), "--out", str(parted)]) == 130
    monkeypatch.setattr(Run, "save", save)
    assert "--resume" in capsys.readouterr().err
    assert not parted.exists()
    assert main([*SMALL, "--data", str(data), "--out", str(parted), "--resume"]) == 0
    same(whole, parted)


def test_a_full_disk_loses_one_epoch_at_most(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    savez, saved = np.savez, []

    def full(file, **arrays) -> None:
        if saved:
            file.write(b"half a checkpoint")
            raise OSError(errno.ENOSPC, "No space left on device")
        savez(file, **arrays)
        saved.append(file)

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full)
        assert main([*SMALL, "--data", str(data), "--out", str(out)]) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert {p.name for p in (tmp_path / ".out.run").iterdir()} == {"run.json", "small.npz"}
    assert main([*SMALL, "--data", str(data), "--out", str(out), "--resume"]) == 0
    assert "Resuming after epoch 1 of 3" in capsys.readouterr().out


def test_another_command_does_not_resume(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"

    def interrupt(*args) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Run, "save", interrupt)
        assert main([*SMALL, "--data", str(data), "--out", str(out)]) == 130
    other = ["--seed", "5", "--learning-rate", "0.1"]
    assert main([*SMALL, "--data", str(data), "--out", str(out), "--resume", *other]) == 2
    said = capsys.readouterr().err
    assert "--learning-rate 0.001, not 0.1" in said
    assert "--seed 0, not 5" in said
    assert "epochs" not in said


def test_more_epochs_resume(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, command = tmp_path / "out", ["tiny", "--size", "32", "--batch", "8", "--data", str(data)]
    save = Run.save

    def save_then_ctrl_c(self: Run, model, stage, state, best) -> None:
        save(self, model, stage, state, best)
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Run, "save", save_then_ctrl_c)
        assert main([*command, "--out", str(out), "--epochs", "3"]) == 130
    assert main([*command, "--out", str(out), "--epochs", "2", "--resume"]) == 2
    assert "--epochs 3, not 2" in capsys.readouterr().err
    assert main([*command, "--out", str(out), "--epochs", "4", "--resume"]) == 0
    said = capsys.readouterr().out
    assert "Resuming after epoch 1 of 4" in said
    assert re.search(r"Epoch \d of 4 is kept", said)
    assert "Exporting" in said
    assert read_card(out).settings["epochs"] == 4


@pytest.mark.slow
def test_a_killed_run_leaves_a_checkpoint_that_goes_on(data: Path, tmp_path: Path) -> None:
    """The whole run and the killed one are fresh processes; this one has done other things."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    keras_first = "import sys, keras; from train.__main__ import main; sys.exit(main(sys.argv[1:]))"
    command = [*SMALL, "--data", str(data), "--out", str(whole)]
    subprocess.run(
        [sys.executable, "-c", keras_first, *command],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        check=True,
    )

    checkpoint = tmp_path / ".killed.run" / "small.npz"
    command = [*SMALL, "--data", str(data), "--out", str(killed)]
    process = subprocess.Popen(
        [sys.executable, "-m", "train", *command], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    while not checkpoint.exists() and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert checkpoint.exists(), "the run did not get as far as its first checkpoint"
    assert not killed.exists()
    assert main([*command, "--resume"]) == 0
    same(whole, killed)
