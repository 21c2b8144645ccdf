"""What the bulk job is to classify: a folder, a glob, or a Parquet or CSV list, anywhere."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import fsspec
import pyarrow.parquet as pq

from cluster.connection import ClusterError

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".heic", ".heif")
"""Files of a folder that count as pictures; a glob or a list is taken at its word."""
COLUMNS = ("path", "url")
_WILDCARDS = set("*?[")


def inputs(source: str) -> Iterator[str]:
    """Every path or address to classify, in an order that is the same each time.

    Args:
        source: a folder, a glob, or a `.parquet` or `.csv` file with a column `path` or `url`;
            local, or with an fsspec protocol such as `s3://`. Paths in a list are taken as they
            stand: from the working directory, or with their own protocol.

    Raises:
        ClusterError: there is no such thing, or it is none of these.
    """
    try:
        yield from _found(source)
    except (ImportError, OSError, ValueError, csv.Error) as error:
        raise ClusterError(f"{source}: it cannot be read ({error}).") from error


def _found(source: str) -> Iterator[str]:
    filesystem, path = fsspec.core.url_to_fs(source)
    if _WILDCARDS & set(path):
        return _files(filesystem, sorted(filesystem.glob(path)), source)
    if filesystem.isdir(path):
        return _walk(filesystem, path)
    if not filesystem.isfile(path):
        raise ClusterError(f"{source}: there is no such folder or file.")
    if path.endswith(".parquet"):
        return _parquet(filesystem, path, source)
    if path.endswith(".csv"):
        return _csv(filesystem, path, source)
    raise ClusterError(f"{source}: not a folder, a glob, a .parquet or a .csv file.")


def _walk(filesystem: Any, top: str) -> Iterator[str]:
    """The pictures of a folder and those below, without ever holding more than one level."""
    entries = sorted(filesystem.ls(top, detail=True), key=lambda entry: str(entry["name"]))
    for entry in entries:
        name = str(entry["name"])
        if name.rstrip("/").rpartition("/")[2].startswith("."):
            continue
        if entry["type"] == "directory":
            yield from _walk(filesystem, name)
        elif name.lower().endswith(EXTENSIONS):
            yield str(filesystem.unstrip_protocol(name)) if _remote(filesystem) else name


def _files(filesystem: Any, names: list[str], source: str) -> Iterator[str]:
    if not names:
        raise ClusterError(f"{source}: nothing fits this pattern.")
    for name in names:
        if filesystem.isfile(name):
            yield str(filesystem.unstrip_protocol(name)) if _remote(filesystem) else name


def _parquet(filesystem: Any, path: str, source: str) -> Iterator[str]:
    with filesystem.open(path, "rb") as stream:
        file = pq.ParquetFile(stream)
        column = _column(file.schema_arrow.names, source)
        for batch in file.iter_batches(columns=[column]):
            yield from _texts(batch.column(0).to_pylist(), column, source)


def _csv(filesystem: Any, path: str, source: str) -> Iterator[str]:
    with filesystem.open(path, "rb") as stream:
        rows = csv.DictReader(io.TextIOWrapper(stream, "utf-8-sig", newline=""))
        column = _column(rows.fieldnames or (), source)
        yield from _texts((row[column] for row in rows), column, source)


def _column(names: Any, source: str) -> str:
    for column in COLUMNS:
        if column in names:
            return column
    raise ClusterError(f"{source}: it has no column `path` or `url`.")


def _texts(values: Any, column: str, source: str) -> Iterator[str]:
    for value in values:
        if not isinstance(value, str) or not value:
            raise ClusterError(f"{source}: the column `{column}` must hold text in every row.")
        yield value


def _remote(filesystem: Any) -> bool:
    protocols = (
        {filesystem.protocol} if isinstance(filesystem.protocol, str) else set(filesystem.protocol)
    )
    return "file" not in protocols
