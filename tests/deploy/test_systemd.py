"""The systemd units, as far as they can be looked at without systemd running."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from api.settings import Settings
from support.running import ROOT

ANALYZE = shutil.which("systemd-analyze")
DEPLOY = ROOT / "deploy"
MOST_EXPOSED = 15
"""In tenths of the 0 to 10 that `systemd-analyze security` gives; ssh's unit has 96."""

needs_systemd = pytest.mark.skipif(not ANALYZE, reason="no systemd-analyze on this machine")


@needs_systemd
def test_the_units_are_valid(tmp_path: Path) -> None:
    for unit in ("dogorcat.service", "dogorcat.socket"):
        text = (DEPLOY / unit).read_text("utf-8")
        # What every machine has, in place of the virtual environment.
        text = text.replace("/opt/dogorcat/.venv/bin/gunicorn", "/bin/true")
        text = text.replace("/opt/dogorcat/.venv/bin/python", "/bin/true")
        (tmp_path / unit).write_text(text, "utf-8")
    result = subprocess.run(
        [str(ANALYZE), "verify", "--man=no", "dogorcat.socket", "dogorcat.service"],
        cwd=tmp_path,
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
    )
    complaints = [line for line in result.stderr.splitlines() if "dogorcat" in line]
    assert (result.returncode, complaints) == (0, [])


@needs_systemd
def test_the_service_has_few_rights() -> None:
    command = [str(ANALYZE), "security", "--offline=true", f"--threshold={MOST_EXPOSED}"]
    result = subprocess.run(
        [*command, str(DEPLOY / "dogorcat.service")], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout[-300:] + result.stderr


def test_what_the_unit_sets_are_settings() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.read(DEPLOY / "dogorcat.service", "utf-8")
    names = [pair.partition("=")[0] for pair in unit["Service"]["Environment"].split()]
    assert names
    assert {name.lower() for name in names} <= set(Settings.model_fields)
