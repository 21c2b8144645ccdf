"""The photos of a download: a zip file as people have it, or a folder.

Zip files come from every system: names with backslashes, in code page 437 or in UTF-8 that is not
marked as such, absolute or climbing out, encrypted members, links, archives in archives. A photo
is never unpacked under its own path.
"""

import lzma
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from common.errors import DataError
from common.file_names import printable
from common.photo_files import (
    HEAD,
    PassedOver,
    Reason,
    find_photos,
    has_photo_suffix,
    is_photo,
    system_part,
)
from train.photos.layout import Parts

MAX_FILE = 64 << 20
"""Bytes; a larger file is no photo, and a larger member of an archive may be there to harm."""
UNREADABLE = (
    OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error, lzma.LZMAError,
)  # fmt: skip
"""What reading a damaged, encrypted or unusually compressed member raises."""


@dataclass(frozen=True)
class SourceFile:
    """One photo of a source, not yet read."""

    parts: Parts
    """Its path below the source; the last part is the file's name."""
    read: Callable[[], bytes]
    """Raises one of `UNREADABLE`."""

    @property
    def path(self) -> str:
        return "/".join(self.parts)


@dataclass
class Source:
    files: list[SourceFile] = field(default_factory=list)
    """In an order that is always the same."""
    passed_over: list[PassedOver] = field(default_factory=list)


@contextmanager
def open_source(source: Path) -> Iterator[Source]:
    """The photos of a zip file or a folder; archives in it are opened where it has no photos.

    Raises:
        DataError: neither a zip file nor a folder.
    """
    with ExitStack() as stack:
        found = Source()
        if source.is_dir():
            archives = _of_folder(source, found)
        elif not source.is_file():
            raise DataError(f"There is no {printable(source)}.")
        else:
            archives = _of_zip(_open(source, printable(source), stack), (), found)
        if not found.files:
            for parts, open_copy in archives:
                file, name = open_copy(stack), "/".join(parts)
                inner = _open(file, f"{printable(name)} in {printable(source)}", stack)
                folder = (*parts[:-1], parts[-1].rpartition(".")[0])
                found.passed_over.remove(PassedOver(name, Reason.ARCHIVE))
                _of_zip(inner, folder, found)
        yield found


_Archives = list[tuple[Parts, Callable[[ExitStack], Path]]]
"""Zip files that were found: their paths, and what makes a file of each."""


def _of_folder(folder: Path, to: Source) -> _Archives:
    """Add the photos of a folder; returns the zip files in it."""
    found = find_photos(folder)
    archives: _Archives = []
    for path in found.photos:
        parts = path.relative_to(folder).parts
        if path.stat().st_size > MAX_FILE:
            to.passed_over.append(PassedOver("/".join(parts), Reason.HUGE))
        else:
            to.files.append(SourceFile(parts, path.read_bytes))
    for one in found.passed_over:
        if one.reason is Reason.NO_PHOTO and one.path.lower().endswith(".zip"):
            to.passed_over.append(PassedOver(one.path, Reason.ARCHIVE))
            path = folder / one.path
            archives.append((tuple(one.path.split("/")), lambda _, path=path: path))
        else:
            to.passed_over.append(one)
    return archives


def _of_zip(archive: zipfile.ZipFile, below: Parts, to: Source) -> _Archives:
    """Add the photos of an open archive; returns the zip files in it.

    Args:
        below: parts of a path to put before every name.
    """
    archives: _Archives = []
    named = sorted(((_parts(info), info) for info in archive.infolist()), key=lambda one: one[0])
    for parts, info in named:
        if info.is_dir() or not parts or info.filename.endswith("\\"):
            continue
        parts = (*below, *parts)
        path, hidden, reason = "/".join(parts), system_part(parts), _against(info)
        if hidden is not None and reason is not Reason.UNSAFE:
            to.passed_over.append(PassedOver("/".join(parts[: hidden + 1]), Reason.SYSTEM))
        elif not reason and path.lower().endswith(".zip"):
            to.passed_over.append(PassedOver(path, Reason.ARCHIVE))
            archives.append((parts, lambda stack, info=info: _copy(archive, info, stack)))
        elif reason := reason or _no_photo(archive, info, parts[-1]):
            to.passed_over.append(PassedOver(path, reason))
        else:
            to.files.append(SourceFile(parts, lambda info=info: archive.read(info)))
    return archives


def _parts(info: zipfile.ZipInfo) -> Parts:
    name = info.filename
    if not info.flag_bits & 0x800:  # not marked as UTF-8, so read as code page 437
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


def _against(info: zipfile.ZipInfo) -> Reason | None:
    """Why a member is not even looked at, if so."""
    name = info.filename.replace("\\", "/")
    if name.startswith("/") or re.match(r"[A-Za-z]:/", name) or ".." in name.split("/"):
        return Reason.UNSAFE
    mode = info.external_attr >> 16
    if info.create_system == 3 and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return Reason.SPECIAL
    if info.flag_bits & 0x1:
        return Reason.ENCRYPTED
    if info.file_size > MAX_FILE and not name.lower().endswith(".zip"):
        return Reason.HUGE
    return None


def _no_photo(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Reason | None:
    if has_photo_suffix(name):
        return None
    try:
        with archive.open(info) as file:
            return None if is_photo(file.read(HEAD)) else Reason.NO_PHOTO
    except UNREADABLE:
        return Reason.LOCKED


def _open(file: Path, name: str, stack: ExitStack) -> zipfile.ZipFile:
    try:
        return stack.enter_context(zipfile.ZipFile(file))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DataError(
            f"{name} is no folder and no zip file that can be read;"
            " an archive of another kind has to be unpacked first."
        ) from error


def _copy(archive: zipfile.ZipFile, info: zipfile.ZipInfo, stack: ExitStack) -> Path:
    """An archive inside an archive, on disk for now: reading from it jumps back and forth."""
    copy = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "inner.zip"
    try:
        with archive.open(info) as file, copy.open("wb") as out:
            shutil.copyfileobj(file, out)
    except UNREADABLE as error:
        raise DataError(f"{printable(info.filename)} inside cannot be read: {error}.") from error
    return copy
