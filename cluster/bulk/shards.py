"""The output folder of the bulk job: its inputs, and one Parquet file for each finished shard.

    _inputs.parquet     every input in order, a row group for each shard
    _manifest.json      how many there are, their fingerprint, and the model
    part-0000000.parquet …

A part appears as a whole or not at all. So the parts show which shards are done, whatever ended the
job, and no row is there twice. Readers of Parquet folders ignore names that begin with `_` or a
dot.
"""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import IO

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from cluster.bulk.inputs import is_remote
from cluster.errors import ClusterError
from common.atomic import new_file

INPUTS = "_inputs.parquet"
MANIFEST = "_manifest.json"
_PART = re.compile(r"part-(\d{7})\.parquet")
# Bytes, since a file name of Linux need not be UTF-8.
_INPUTS_SCHEMA = pa.schema([pa.field("path", pa.binary(), nullable=False)])

SCHEMA = pa.schema(
    [
        pa.field("path", pa.string(), nullable=False),
        ("verdict", pa.string()),
        ("present", pa.list_(pa.string())),
        ("scores", pa.map_(pa.string(), pa.float32())),
        ("familiarity", pa.float32()),
        ("error", pa.string()),
        ("detail", pa.string()),
        pa.field("model_name", pa.string(), nullable=False),
        pa.field("model_version", pa.string(), nullable=False),
    ]
)
"""Of parts. A row has either a verdict or an error: a code of docs/api.md, or `read_failed`."""


@dataclass(frozen=True)
class ModelStamp:
    """Exactly which model classifies."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """Which inputs and which model an output folder belongs to."""

    rows: int
    shard_rows: int
    inputs_sha256: str
    model: ModelStamp
    columns: tuple[str, ...] = ()
    """Of its parts; earlier versions did not say."""

    @property
    def shards(self) -> int:
        return -(-self.rows // self.shard_rows)


class ShardFolder:
    """An output folder, local or at an fsspec address.

    Raises:
        ClusterError: the address names no store that is known here.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        try:
            if os.path.isdir(folder) or "://" not in folder:  # whatever characters its name has
                self._filesystem, self._path = fsspec.filesystem("file"), os.path.abspath(folder)
            else:
                self._filesystem, self._path = fsspec.core.url_to_fs(folder)
        except (ImportError, ValueError) as error:
            raise ClusterError(f"{folder}: it cannot be written to ({error}).") from error
        self._is_local = not is_remote(self._filesystem)

    def plan(self, paths: Iterable[str], shard_rows: int, model: ModelStamp) -> Manifest:
        """Write the inputs and the manifest, or check that those in the folder are the same.

        Nothing is left behind if this fails.

        Args:
            paths: every input.
            shard_rows: inputs of a part; a job that was begun keeps its own number.

        Raises:
            ClusterError: the folder holds something else, or was begun with other inputs, with
                another model, or with parts of other columns.
        """
        begun = self._begun()
        if begun is None:
            with self._made():
                with self._whole(INPUTS) as stream:
                    rows, fingerprint = _write_inputs(paths, shard_rows, stream)
                columns = tuple(SCHEMA.names)
                manifest = Manifest(rows, shard_rows, fingerprint, model, columns)
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
        if begun.columns != tuple(SCHEMA.names):
            raise ClusterError(
                f"{self.folder} was begun by a version that writes other columns: "
                "choose a new folder."
            )
        return begun

    def done(self) -> set[int]:
        """Numbers of the shards whose part exists."""
        self._filesystem.invalidate_cache()
        matches = (_PART.fullmatch(name) for name in self._names())
        return {int(match[1]) for match in matches if match}

    def shards(self, numbers: Sequence[int]) -> Iterator[tuple[int, list[bytes]]]:
        """The inputs of these shards, in order, as `os.fsencode` writes them."""
        with self._filesystem.open(self._at(INPUTS), "rb") as stream:
            file = pq.ParquetFile(stream)
            for number in numbers:
                column = file.read_row_group(number).column("path")
                yield number, column.cast(pa.binary()).to_pylist()

    def write(self, number: int, part: bytes) -> None:
        """Write a shard's part."""
        with self._whole(f"part-{number:07d}.parquet") as stream:
            stream.write(part)

    def _begun(self) -> Manifest | None:
        if self._filesystem.isfile(self._path):
            raise ClusterError(f"{self.folder} is not a folder.")
        names = set(self._names())
        if MANIFEST in names:
            try:
                members = json.loads(self._filesystem.cat_file(self._at(MANIFEST)))
                model, columns = ModelStamp(**members["model"]), members.get("columns", ())
                return Manifest(**members | {"model": model, "columns": tuple(columns)})
            except (ValueError, TypeError, KeyError) as error:
                raise ClusterError(f"{self.folder}/{MANIFEST} is damaged ({error}).") from error
        if any(name != INPUTS and not name.startswith(".") for name in names):
            raise ClusterError(f"{self.folder} holds something else: choose a new folder.")
        return None

    def _names(self) -> list[str]:
        try:
            found = self._filesystem.ls(self._path, detail=False)
        except FileNotFoundError:
            return []
        return [str(name).rstrip("/").rpartition("/")[2] for name in found]

    def _at(self, name: str) -> str:
        return f"{self._path.rstrip('/')}/{name}"

    @contextmanager
    def _made(self) -> Iterator[None]:
        """The folder; one that was made here is removed again if the block fails."""
        existed = self._filesystem.isdir(self._path)
        self._filesystem.makedirs(self._path, exist_ok=True)
        try:
            yield
        except BaseException:
            if self._is_local and not existed:
                with contextlib.suppress(OSError):
                    self._filesystem.rmdir(self._path)
            raise

    @contextmanager
    def _whole(self, name: str) -> Iterator[IO[bytes]]:
        """A file to write, which appears when it is complete and vanishes if the block fails."""
        path = self._at(name)
        if self._is_local:
            with new_file(Path(path)) as temporary, temporary.open("wb") as stream:
                yield stream
            return
        try:
            with self._filesystem.open(path, "wb") as stream:
                yield stream
        except BaseException:  # a store keeps what has been sent of it by now
            with contextlib.suppress(OSError):
                self._filesystem.rm_file(path)
            raise


def _write_inputs(
    paths: Iterable[str], shard_rows: int, stream: IO[bytes] | None
) -> tuple[int, str]:
    """Write the inputs, a row group for each shard; returns how many, and their fingerprint.

    Args:
        stream: None to count and fingerprint only.
    """
    digest, count = hashlib.sha256(), 0
    encoded = (path.encode("utf-8", "surrogateescape") for path in paths)
    with pq.ParquetWriter(stream, _INPUTS_SCHEMA) if stream else nullcontext() as writer:
        while shard := list(islice(encoded, shard_rows)):
            count += len(shard)
            digest.update(b"".join(path + b"\0" for path in shard))
            if writer:
                table = pa.table({"path": shard}, _INPUTS_SCHEMA)
                writer.write_table(table, row_group_size=shard_rows)
    return count, digest.hexdigest()
