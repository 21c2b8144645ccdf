"""docs/operations.md: what can be done line by line here is done."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import requests

from support.colour_model import write_colour_model
from support.photo_servers import picture
from support.running import ROOT, environment, running_service

TEXT = (ROOT / "docs" / "operations.md").read_text("utf-8")


def section(title: str) -> str:
    return TEXT.partition(f"## {title}\n")[2].partition("\n## ")[0]


def blocks(title: str) -> list[str]:
    return re.findall(r"^```bash\n(.*?)^```", section(title), re.MULTILINE | re.DOTALL)


def test_a_model_is_upgraded_and_rolled_back(tmp_path: Path) -> None:
    for place, version in (("releases/cat_dog-2", "2"), ("new/cat_dog", "3")):
        write_colour_model(tmp_path / place, name="cat_dog", version=version)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "cat_dog").symlink_to("../releases/cat_dog-2")
    settings = {"MODEL_DIR": tmp_path / "models", "RUNTIME_DIR": tmp_path / "run"}
    env = environment(**settings, PYTHONPATH=ROOT)
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    upgrade, back = blocks("Upgrade and roll back a model")
    with running_service(tmp_path, WEB_CONCURRENCY=2, **settings) as service:
        for commands, version in (("", "2"), (upgrade, "3"), (back, "2")):
            subprocess.run(["bash", "-e", "-c", commands], cwd=tmp_path, env=env, check=True)
            for _ in range(5):
                url = f"{service.url}/api/v1/classify"
                reply = requests.post(url, files={"image": picture()}, timeout=60)
                assert reply.json()["model"]["version"] == version


def test_apaches_modules_are_there() -> None:
    """Those that the installation enables are those that Debian's package brings."""
    modules = Path("/usr/lib/apache2/modules")
    (names,) = re.findall(r"a2enmod (.*)", section("Install"))
    for file in ("web/apache/dogorcat.conf", "deploy/apache-tls.conf"):
        (wanted,) = re.findall(r"a2enmod (.*)", (ROOT / file).read_text("utf-8"))
        assert set(wanted.split()) <= set(names.split())
    if shutil.which("apache2", path="/usr/sbin"):
        assert all((modules / f"mod_{name}.so").exists() for name in names.split())
