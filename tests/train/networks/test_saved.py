"""Every layer of our own is known to whoever reads a saved network, in a process of its own."""

import re
import subprocess
import sys

from support.shared import ROOT

PROGRAM = """
import keras
import train.networks.saved
print(*keras.saving.get_custom_objects())
"""


def test_all_own_layers_are_known_in_a_new_process() -> None:
    marked = re.compile(r'register_keras_serializable\("dogorcat"\)\nclass (\w+)')
    own = {
        f"dogorcat>{name}"
        for file in (ROOT / "train").rglob("*.py")
        for name in marked.findall(file.read_text(encoding="utf-8"))
    }
    assert own
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert own <= set(done.stdout.split())


def test_saved_networks_are_read_in_one_place() -> None:
    reading = [
        file.relative_to(ROOT / "train").as_posix()
        for file in (ROOT / "train").rglob("*.py")
        if "load_model(" in file.read_text(encoding="utf-8")
    ]
    assert sorted(reading) == ["adopt/keras_files.py", "networks/saved.py"]
