"""The bulk job's output folder: what was asked, and one Parquet file for each finished shard.

    _inputs.parquet     every input in order, a row group for each shard
    _manifest.json      how many there are, their fingerprint, and the model
    part-0000000.parquet …

A part is written under another name and renamed, or put as one object: it is there as a whole or
not at all. So whatever ends the job, the parts say what is done, and no row is ever there twice.
Names that begin with `_` are passed over by what reads a folder of Parquet files.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from typing import IO

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from cluster.connection import ClusterError

INPUTS = "_inputs.parquet"
MANIFEST = "_manifest.json"
_PART = re.compile(r"part-(\d{7})\.parquet")
_INPUTS_SCHEMA = pa.schema([pa.field("path", pa.string(), nullable=False)])


@dataclass(frozen=True)
class ModelStamp:
    """Which model answers, exactly."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What an output folder is the answer to."""

    rows: int
    shard_rows: int
    inputs_sha256: str
    model: ModelStamp

    @property
    def shards(self) -> int:
        return -(-self.rows // self.shard_rows)


class Output:
    """An output folder, local or at an fsspec address."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._filesystem, self._path = fsspec.core.url_to_fs(folder)

    def plan(self, paths: Iterable[str], shard_rows: int, model: ModelStamp) -> Manifest:
        """Write down what is to be done, or see that this is what was begun here.

        Args:
            paths: every input.
            shard_rows: inputs of a part; what was begun keeps its own.

        Raises:
            ClusterError: the folder holds something else, or was begun with other inputs or with
                another model.
        """
        begun = self._begun()
        if begun is None:
            self._filesystem.makedirs(self._path, exist_ok=True)
            with self._whole(INPUTS) as stream:
                rows, fingerprint = _write_inputs(paths, shard_rows, stream)
            manifest = Manifest(rows, shard_rows, fingerprint, model)
            with self._whole(MANIFEST) as stream:
                stream.write(json.dumps(asdict(manifest), indent=2).encode() + b"\n")
            return manifest
        rows, fingerprint = _write_inputs(paths, begun.shard_rows, None)
        if (begun.rows, begun.inputs_sha256) != (rows, fingerprint):
            raise ClusterError(
                f"{self.folder} was begun with other inputs ({begun.rows} then, {rows} now): "
                "choose a new folder."
            )
        if begun.model != model:
            raise ClusterError(
                f"{self.folder} was begun with the model {begun.model.name} {begun.model.version} "
                f"({begun.model.sha256[:8]}), not with this {model.name} {model.version} "
                f"({model.sha256[:8]}): choose a new folder."
            )
        return begun

    def done(self) -> set[int]:
        """Numbers of the shards whose part is there."""
        self._filesystem.invalidate_cache()
        matches = (_PART.fullmatch(name) for name in self._names())
        return {int(match[1]) for match in matches if match}

    def shards(self, numbers: Sequence[int]) -> Iterator[tuple[int, list[str]]]:
        """The inputs of these shards, in order."""
        with self._filesystem.open(self._at(INPUTS), "rb") as stream:
            file = pq.ParquetFile(stream)
            for number in numbers:
                yield number, file.read_row_group(number).column("path").to_pylist()

    def write(self, number: int, part: bytes) -> None:
        """Write a shard's part."""
        with self._whole(f"part-{number:07d}.parquet") as stream:
            stream.write(part)

    def _begun(self) -> Manifest | None:
        names = set(self._names())
        if MANIFEST in names:
            try:
                members = json.loads(self._filesystem.cat_file(self._at(MANIFEST)))
                return Manifest(**members | {"model": ModelStamp(**members["model"])})
            except (ValueError, TypeError, KeyError) as error:
                raise ClusterError(f"{self.folder}/{MANIFEST} is damaged ({error}).") from error
        if names - {INPUTS, f"{INPUTS}.new", f"{MANIFEST}.new"}:
            raise ClusterError(f"{self.folder} holds something else: choose a new folder.")
        return None

    def _names(self) -> list[str]:
        try:
            found = self._filesystem.ls(self._path, detail=False)
        except FileNotFoundError:
            return []
        except NotADirectoryError as error:
            raise ClusterError(f"{self.folder} is not a folder.") from error
        return [str(name).rstrip("/").rpartition("/")[2] for name in found]

    def _at(self, name: str) -> str:
        return f"{self._path.rstrip('/')}/{name}"

    @contextmanager
    def _whole(self, name: str) -> Iterator[IO[bytes]]:
        """A file to write that appears when it is complete; an object store does so by itself."""
        if not isinstance(self._filesystem, fsspec.implementations.local.LocalFileSystem):
            with self._filesystem.open(self._at(name), "wb") as stream:
                yield stream
            return
        new = self._at(f"{name}.new" if name.startswith("_") else f"_{name}.new")
        with open(new, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(new, self._at(name))


def _write_inputs(
    paths: Iterable[str], shard_rows: int, stream: IO[bytes] | None
) -> tuple[int, str]:
    """Write the inputs, a row group for each shard; returns how many, and their fingerprint.

    Args:
        stream: None to count and fingerprint only.
    """
    digest, count, paths = hashlib.sha256(), 0, iter(paths)
    writer = pq.ParquetWriter(stream, _INPUTS_SCHEMA) if stream else None
    while shard := list(islice(paths, shard_rows)):
        count += len(shard)
        for path in shard:
            digest.update(path.encode("utf-8", "surrogateescape") + b"\0")
        if writer:
            writer.write_table(pa.table({"path": shard}, _INPUTS_SCHEMA), row_group_size=shard_rows)
    if writer:
        writer.close()
    return count, digest.hexdigest()
