"""Models as files of settings: which commands they are, and that these commands exist."""

import argparse
import importlib
from pathlib import Path

import pytest

from train.__main__ import COMMANDS, main
from train.configs import Config, load_config, names, options


def test_settings_become_options() -> None:
    settings = {
        "learning_rate": 5e-5, "refit": True, "augment": None, "overwrite": False, "held": ["a", 0],
    }  # fmt: skip
    assert options(settings) == [
        "--learning-rate",
        "5e-05",
        "--refit",
        "--held",
        "a",
        "--held",
        "0",
    ]


@pytest.mark.parametrize("name", names())
def test_every_command_of_a_configuration_is_understood(name: str, tmp_path: Path) -> None:
    commands = list(load_config(name, tmp_path).commands(tmp_path / name))
    assert [command[0] for command in commands[:2]][-1] == "quantise"
    for command, *words in commands:
        module = importlib.import_module(f"train.{COMMANDS[command][0]}")
        parser = argparse.ArgumentParser(exit_on_error=False)
        module.add_arguments(parser)
        parser.parse_args(words)


def test_the_commands_run_one_after_the_other_until_one_fails(
    own_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    test = str(own_data / "validation")
    shapes = Config(
        recipe="tiny",
        train={"data": own_data, "size": 32, "epochs": 1},
        evaluate=[([test], {"record": "drawn"}), (["nowhere"], {}), ([test], {})],
    )
    monkeypatch.setattr("train.commands.models.config.load_config", lambda name, shared: shapes)
    out = tmp_path / "shapes"
    assert main(["config", "shapes", "--out", str(out)]) == 2
    said = capfd.readouterr()
    lines = [line for line in said.out.splitlines() if line.startswith("python -m train")]
    assert [line.split()[3] for line in lines] == ["tiny", "evaluate", "evaluate"]
    assert "There is no folder nowhere" in said.err
    assert "drawn, 6 photos" in (out / "card.json").read_text()


def test_an_unknown_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "cat_dgo"]) == 2
    assert "there are cat_dog" in capsys.readouterr().err
