"""What documents and comments name is there: files, folders, modules and what is in them."""

import re
from pathlib import Path

import pytest

from support.shared import ROOT

ROOMS = "api|bench|cluster|common|deploy|docs|support|tests|train|web"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SOURCES = [
    file
    for room in ("api", "bench", "cluster", "common", "support", "train")
    for file in sorted((ROOT / room).rglob("*.py"))
]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def is_there(name: str) -> bool:
    """Whether a dotted name is one of our modules, or something that one of them holds."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:length])
        for file in (path.with_suffix(".py"), path / "__init__.py", path / "__main__.py"):
            if file.exists():
                text = file.read_text(encoding="utf-8")
                return all(re.search(rf"\b{member}\b", text) for member in parts[length:])
    return False


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_documents_name_files_and_commands_that_are_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    paths = re.findall(rf"(?<![\w./~-])(?:{ROOMS})/[\w./*-]*[\w*/]", text)
    assert not [path for path in paths if not list(ROOT.glob(path.rstrip("/")))]
    for name, path in re.findall(rf"`(\w+)` in `((?:{ROOMS})/[\w./]+\w)`", text):
        assert re.search(rf"\b{name}\b", (ROOT / path).read_text(encoding="utf-8")), name
    for module in re.findall(rf"python -m ((?:{ROOMS})[\w.]*)", text):
        path = ROOT.joinpath(*module.split("."))
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_comments_name_modules_that_are_there(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    named = re.findall(rf"`((?:{ROOMS})\.[\w.]*\w)`", text)
    assert not [name for name in named if not is_there(name)]
    commands = re.findall(r"python -m ((?:api|bench|cluster|train)(?:\.\w+)*)", text)
    assert not [name for name in commands if not is_there(name)]
