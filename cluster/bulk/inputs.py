"""What the bulk job is to classify: a folder, a glob, or a Parquet or CSV list, anywhere."""

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import fsspec
import pyarrow.parquet as pq

from cluster.errors import ClusterError
from common.file_names import printable
from common.photo_files import PassedOver, Reason, find_photos, has_photo_suffix, is_system_name

COLUMNS = ("path", "url")
_WILDCARDS = set("*?[")


class Inputs:
    """Every path or address to classify, in an order that is the same each time.

    Args:
        source: a folder, a glob, or a `.parquet` or `.csv` file with a column `path` or `url`;
            local, or with an fsspec protocol such as `s3://`. What exists on this machine under
            exactly this name is taken, whatever characters it has. Paths in a list are relative
            to the working directory, or have a protocol of their own.

    Raises:
        ClusterError: it does not exist, or is none of these.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.passed_over: list[PassedOver] = []
        """What is not classified of a folder, once the paths have been read."""
        self._name = printable(source)
        with _as_cluster_error(self._name):
            self._read = self._reader()

    def __iter__(self) -> Iterator[str]:
        """The paths; a byte of a local name that is not UTF-8 is a surrogate, as Python has it.

        Raises:
            ClusterError: a list is damaged.
        """
        self.passed_over = []
        with _as_cluster_error(self._name):
            yield from self._read()

    def _reader(self) -> Callable[[], Iterator[str]]:
        """What reads the paths; called anew for each reading."""
        if os.path.isdir(self.source):
            return partial(self._folder, Path(os.path.abspath(self.source)))
        if os.path.isfile(self.source):
            filesystem, path = fsspec.filesystem("file"), os.path.abspath(self.source)
        else:
            filesystem, path = fsspec.core.url_to_fs(self.source)
            if _WILDCARDS & set(path):
                return self._glob(filesystem, path)
            if filesystem.isdir(path):
                remote = is_remote(filesystem)
                return (
                    partial(self._walk, filesystem, path)
                    if remote
                    else partial(self._folder, Path(path))
                )
            if not filesystem.isfile(path):
                raise ClusterError(f"{self._name}: there is no such folder or file.")
        if path.endswith(".parquet"):
            return partial(self._parquet, filesystem, path)
        if path.endswith(".csv"):
            return partial(self._csv, filesystem, path)
        raise ClusterError(f"{self._name}: not a folder, a glob, a .parquet or a .csv file.")

    def _folder(self, folder: Path) -> Iterator[str]:
        """The photos of a folder on this machine, by the rules that all commands share."""
        found = find_photos(folder)
        self.passed_over = found.passed_over
        yield from map(str, found.photos)

    def _walk(self, filesystem: Any, top: str, below: str = "") -> Iterator[str]:
        """The photos of a remote folder, by the same rules, as far as names can tell."""
        folders = []
        entries = filesystem.ls(top, detail=True)
        for entry in sorted(entries, key=lambda entry: str(entry["name"])):
            path = str(entry["name"]).rstrip("/")
            name = path.rpartition("/")[2]
            if is_system_name(name):
                self.passed_over.append(PassedOver(below + name, Reason.SYSTEM))
            elif entry["type"] == "directory":
                folders.append((path, f"{below}{name}/"))
            elif has_photo_suffix(name):
                yield str(filesystem.unstrip_protocol(path))
            else:
                self.passed_over.append(PassedOver(below + name, Reason.NO_PHOTO))
        for path, name in folders:
            yield from self._walk(filesystem, path, name)

    def _glob(self, filesystem: Any, pattern: str) -> Callable[[], Iterator[str]]:
        """All files that match a pattern, of whatever kind."""
        names = [str(name) for name in sorted(filesystem.glob(pattern))]
        if not names:
            raise ClusterError(f"{self._name}: nothing fits this pattern.")
        full = filesystem.unstrip_protocol if is_remote(filesystem) else str
        return lambda: (str(full(name)) for name in names if filesystem.isfile(name))

    def _parquet(self, filesystem: Any, path: str) -> Iterator[str]:
        with filesystem.open(path, "rb") as stream:
            file = pq.ParquetFile(stream)
            column = self._column(file.schema_arrow.names)
            for batch in file.iter_batches(columns=[column]):
                yield from self._texts(batch.column(0).to_pylist(), column)

    def _csv(self, filesystem: Any, path: str) -> Iterator[str]:
        with filesystem.open(path, "rb") as stream:
            rows = csv.DictReader(io.TextIOWrapper(stream, "utf-8-sig", newline=""))
            column = self._column(rows.fieldnames or ())
            yield from self._texts((row[column] for row in rows), column)

    def _column(self, names: Iterable[str]) -> str:
        column = next((column for column in COLUMNS if column in names), None)
        if column is None:
            raise ClusterError(f"{self._name}: it has no column `path` or `url`.")
        return column

    def _texts(self, values: Iterable[Any], column: str) -> Iterator[str]:
        for value in values:
            if not isinstance(value, str) or not value:
                raise ClusterError(
                    f"{self._name}: the column `{column}` must hold text in every row."
                )
            yield value


@contextmanager
def _as_cluster_error(name: str) -> Iterator[None]:
    """Turn what file systems and readers of lists raise into a ClusterError."""
    try:
        yield
    except (ImportError, OSError, ValueError, csv.Error) as error:
        raise ClusterError(f"{name}: it cannot be read ({printable(error)}).") from error


def is_remote(filesystem: Any) -> bool:
    """Whether an fsspec file system is another than that of this machine."""
    protocols = filesystem.protocol
    return "file" not in ({protocols} if isinstance(protocols, str) else set(protocols))
