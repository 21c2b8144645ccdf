"""Which tests one process runs where several share them (`pytest -n 2 --dist loadgroup`)."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
TOGETHER = ("cluster", "api", "web", "security")
"""Folders whose tests share what is slow to start; they come first: what is small fills the end."""


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the marks in its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A group is one of these folders, or else a file."""

    def folder(item: pytest.Item) -> str:
        return item.path.relative_to(HERE).parts[0]

    items.sort(key=lambda item: TOGETHER.index(folder(item)) if folder(item) in TOGETHER else 9)
    for item in items:
        group = folder(item) if folder(item) in TOGETHER else str(item.path.relative_to(HERE))
        item.add_marker(pytest.mark.xdist_group(group))
