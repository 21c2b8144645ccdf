"""docs/scaling.md, followed step by step; and the manifest, as far as it can be checked here."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import ray
import yaml

from cluster.__main__ import main
from support.running import ROOT, environment, free_port
from tests.api.conftest import RED
from tests.cluster.machines import PATIENCE_S, descendants, eventually

GUIDE = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")


@pytest.fixture
def surroundings(tmp_path: Path, model_dir: Path) -> Iterator[dict[str, str]]:
    """The environment of someone who follows the guide; all they started is ended."""
    (tmp_path / "photos").mkdir()
    for number in range(3):
        (tmp_path / "photos" / f"{number}.jpg").write_bytes(RED)
    short = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
    env = environment(
        RAY_TMPDIR=short,
        RAY_USAGE_STATS_ENABLED=0,
        RAY_AUTH_MODE="token",
        RAY_worker_niceness=0,  # or its workers give way to all other processes
        HOME=tmp_path,
        MODEL_DIR=model_dir,
        PYTHONPATH=ROOT,
    )
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    yield env
    mine = [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _of(pid, short)]
    for pid in {below for one in mine for below in (one, *descendants(one))}:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not any(_of(pid, short) for pid in mine), "the end of what was started")
    shutil.rmtree(short, ignore_errors=True)


def _of(pid: int, folder: str) -> bool:
    try:
        return folder in Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return False


@pytest.mark.slow
def test_the_guide_works_as_it_stands(surroundings: dict[str, str], tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert [line for line in lines if "classify" in line]
    assert lines.pop() == "ray stop"  # which would end every other cluster of this machine, too
    gcs, http = str(free_port()), str(free_port())
    surroundings |= {"RAY_ADDRESS": f"127.0.0.1:{gcs}", "PORT": http}
    for line in lines:
        command = line.replace("6380", gcs).replace(":8000", f":{http}")
        if "ray start" in command:
            command += " --object-store-memory=80000000 --num-cpus=2"
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, env=surroundings, capture_output=True, text=True,
            timeout=PATIENCE_S,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        if command.endswith("status"):
            assert "replicas: 2 running" in done.stdout
    rows = pd.read_parquet(tmp_path / "results")
    assert list(rows.verdict) == ["cat"] * 3


def manifest() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((ROOT / "cluster" / "kuberay.yaml").read_text()))


def test_the_manifest_fits_the_operator_s_types() -> None:
    cluster = manifest()[0]
    assert (cluster["apiVersion"], cluster["kind"]) == ("ray.io/v1", "RayCluster")
    spec = cluster["spec"]
    assert spec["rayVersion"] == ray.__version__
    assert set(spec) <= {
        "rayVersion", "enableInTreeAutoscaling", "autoscalerOptions", "headGroupSpec",
        "workerGroupSpecs",
    }  # fmt: skip
    assert set(spec["headGroupSpec"]) == {"serviceType", "rayStartParams", "template"}
    for group in spec["workerGroupSpecs"]:
        assert set(group) == {
            "groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template",
        }  # fmt: skip
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"]):
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())


def test_the_manifest_deploys_with_a_command_that_exists(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    *_, job = manifest()
    (container,) = job["spec"]["template"]["spec"]["containers"]
    words = [*container["command"], *container["args"]]
    assert words[:3] == ["python", "-m", "cluster"]
    with pytest.raises(SystemExit) as end:
        main([*words[3:], "--help"])
    assert end.value.code == 0
    for variable in container["env"]:
        if not variable["name"].startswith("RAY_"):
            assert f"`{variable['name']}`" in (ROOT / "README.md").read_text(encoding="utf-8")
