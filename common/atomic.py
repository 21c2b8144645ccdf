"""Writes files and folders completely or not at all: under a hidden name, which is then renamed."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A hidden path beside `path` to write a file at; it replaces `path` when the block ends.

    If the block raises, or is killed, `path` stays as it was. The content is on disk before the
    rename, so that no power failure leaves an empty file under the final name.

    Args:
        path: in a folder that exists.

    Raises:
        OSError: it cannot be written.
    """
    temporary = _beside(path)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_file(path: Path, content: str | bytes) -> None:
    """Write a whole file; text in UTF-8.

    Raises:
        OSError: it cannot be written; what was there before stays.
    """
    with new_file(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def new_folder(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A hidden empty folder beside `path` to fill; it becomes `path` when the block ends.

    If the block raises, the hidden folder is removed and `path` stays as it was.

    Args:
        path: the folders above it are made where they are missing.
        overwrite: replace a folder that is there; it stays until the new one is complete.

    Raises:
        FileExistsError: `path` exists, and is not to be overwritten.
        OSError: it cannot be written.
    """
    temporary, old = _beside(path), _beside(path)
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if os.path.lexists(path):
            if not overwrite:
                raise FileExistsError(f"{path} exists already")
            path.rename(old)
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if os.path.lexists(old) and not os.path.lexists(path):
            old.rename(path)
        shutil.rmtree(old, ignore_errors=True)


def can_be_made(path: Path) -> bool:
    """Whether a folder could be written here: what there is above it is a folder to write to."""
    above = next(folder for folder in path.absolute().parents if os.path.lexists(folder))
    return above.is_dir() and os.access(above, os.W_OK)


def _beside(path: Path) -> Path:
    """An unused name in the same folder, hidden and never too long."""
    return path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}.tmp")
