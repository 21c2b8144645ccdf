"""The arrows between the rooms point one way, and the service stays free of TensorFlow."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN = {
    "common": {"api", "train", "cluster", "tensorflow", "keras", "flask"},
    "api": {"train", "cluster", "tensorflow", "keras"},
    "train": {"api", "cluster", "flask"},
    "cluster": {"train", "tensorflow", "keras"},
    "bench": {"tests"},
    "tests": {"bench"},
    "support": {"bench", "tests"},
}


def imports_of(file: Path) -> set[str]:
    """Top-level names of the packages a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_imports_only_what_lies_below_it(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    wrong = {str(f.relative_to(ROOT)): imports_of(f) & FORBIDDEN[room] for f in files}
    assert not {file: names for file, names in wrong.items() if names}


def test_nothing_leans_on_the_inside_of_gunicorn() -> None:
    """Its settings, its logger class and its name for a socket are documented; nothing else is."""
    for file in sorted((ROOT / "api").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                continue
            ours = [name for name in names if name.startswith("gunicorn")]
            assert set(ours) <= {"gunicorn.glogging"}, file


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("api.app", ("tensorflow", "keras", "train", "matplotlib")),
        # The master, which forks.
        ("api.gunicorn_conf", ("onnxruntime", "prometheus_client", "tensorflow")),
        # Commands that start at once, and check what can be checked before anything slow is loaded.
        *(
            (f"train.commands.{command}", ("tensorflow", "keras", "sklearn", "matplotlib"))
            for command in (
                *("photos.prepare", "photos.inspect", "models.auto", "models.config"),
                *("measure.evaluate", "measure.compare", "measure.predict", "measure.threshold"),
            )
        ),
    ],
)
def test_what_a_process_does_not_load(module: str, absent: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print([m for m in {absent} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
