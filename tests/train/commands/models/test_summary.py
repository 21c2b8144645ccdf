"""What `summary` says of a model folder."""

from pathlib import Path

import pytest

from train.__main__ import main


def test_summary(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", str(tiny)]) == 0
    said = capsys.readouterr().out
    assert "circles, squares, stripes" in said
    assert "convolution" in said
