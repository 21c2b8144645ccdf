"""One worker of the bulk job: a shard of paths in, a Parquet file of rows out."""

import io
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from api import errors
from api.settings import Settings
from cluster.bulk.shards import SCHEMA
from cluster.packaging import packaged_models
from common import images
from common.errors import ImageTooLarge
from common.fetch.fetcher import Fetcher
from common.file_names import portable
from common.model.classifier import Classifier

READERS = 8
"""Pictures that a worker reads or fetches in advance, while it computes another one."""
STORES = {"file", "local", "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "hdfs", "oci"}
"""fsspec protocols that a list may name; http(s) addresses go through `common.fetch`."""
_PROTOCOL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)(?:://|::)")

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class _Refused(Exception):
    """A path that is not read; the row says why."""

    detail: str


class Worker:
    """Classifies shards; Ray Data keeps one on each CPU.

    Args:
        model: name of a bundled model.
        settings: the service's; those for fetching apply, and MAX_UPLOAD_MB limits every picture.
    """

    def __init__(self, model: str, settings: Settings) -> None:
        self._model = Classifier.load(packaged_models() / model, precision=settings.precision)
        self._max_bytes = settings.max_upload_mb * 2**20
        self._max_mb = settings.max_upload_mb
        self._fetcher = Fetcher(
            timeout_s=settings.fetch_timeout_s,
            max_bytes=self._max_bytes,
            concurrency=4 * READERS,  # all readers may ask one host: a quarter is what one gets
            allowed_ports=settings.fetch_allowed_ports,
            allowed_networks=settings.fetch_allowed_networks,
            contact=settings.contact,
        )
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")

    def __call__(self, shard: dict[str, Any]) -> dict[str, Any]:
        """Classify one shard.

        Args:
            shard: its number as `shard`, and its inputs as `paths`, bytes.

        Returns:
            `shard`, the number of `rows`, how many of them are `errors`, and the `part`: a Parquet
            file of the rows, in the order of the inputs.
        """
        paths = [path.decode("utf-8", "surrogateescape") for path in shard["paths"]]
        rows = [self._row(*read) for read in prefetch(self._readers, self._attempt, paths)]
        part = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), part)
        errors = sum(row["error"] is not None for row in rows)
        return {
            "shard": shard["shard"],
            "rows": len(rows),
            "errors": errors,
            "part": part.getvalue(),
        }

    def _attempt(self, path: str) -> tuple[str, bytes | Exception]:
        try:
            return path, self._read(path)
        except Exception as error:
            return path, error

    def _read(self, path: str) -> bytes:
        protocol = _PROTOCOL.match(path)
        scheme = protocol[1].lower() if protocol else None
        if scheme in ("http", "https") and "::" not in path:
            return self._fetcher.fetch(path).data
        if protocol and (scheme not in STORES or protocol[0].endswith("::")):
            raise _Refused(f"Nothing is read by the protocol {scheme!r} here.")
        try:
            if scheme is None:  # a file of this machine, whatever characters its name has
                with open(path, "rb") as file:
                    data = file.read(self._max_bytes + 1)
            else:
                filesystem, name = fsspec.core.url_to_fs(path)
                data = filesystem.cat_file(name, start=0, end=self._max_bytes + 1)
        except (OSError, ImportError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise _Refused(f"It cannot be read: {portable(reason)}.") from error
        if len(data) > self._max_bytes:
            raise ImageTooLarge(f"The picture is larger than the {self._max_mb} MB accepted.")
        return data

    def _row(self, path: str, read: bytes | Exception) -> dict[str, Any]:
        card = self._model.card
        row: dict[str, Any] = {
            "path": portable(path),
            "model_name": card.name,
            "model_version": card.version,
            "error": None,
        }
        try:
            if isinstance(read, Exception):
                raise read
            pixels = images.decode(read, self._model.target)
            (prediction,) = self._model.predict(pixels[np.newaxis])
        except _Refused as refused:
            return row | {"error": "read_failed", "detail": refused.detail}
        except Exception as error:  # one picture never stops the job
            problem = errors.to_problem(error)
            return row | {"error": problem.code, "detail": problem.detail}
        return row | {
            "verdict": prediction.verdict,
            "present": list(prediction.present),
            "scores": list(prediction.scores.items()),
            "familiarity": prediction.familiarity,
        }


def prefetch(
    pool: ThreadPoolExecutor, work: Callable[[T], R], items: Iterable[T], width: int = 2 * READERS
) -> Iterator[R]:
    """Like `map(work, items)`, with up to `width` calls made in advance on the pool's threads."""
    begun: deque[Future[R]] = deque()
    for item in items:
        begun.append(pool.submit(work, item))
        if len(begun) >= width:
            yield begun.popleft().result()
    while begun:
        yield begun.popleft().result()
