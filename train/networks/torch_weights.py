"""Reads the tensors of a torch file of the old format, without torch and without running its code.

Such a file is a row of pickles: a magic number, a protocol, facts about the system, the state dict,
the list of storage keys; then, for each key, a count and the raw values. A pickle can call any
function, so the reader here knows four names and refuses everything else.
"""

import pickle
import struct
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from common.errors import DataError

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
DTYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}
"""Storage classes of torch that weights of networks come in."""


@dataclass(frozen=True)
class _Storage:
    """A block of values, still to be read."""

    key: str
    dtype: str


@dataclass(frozen=True)
class _Tensor:
    """A view of a storage: which of its values, in which shape."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_state_dict(file: Path) -> dict[str, NDArray[Any]]:
    """The named tensors of a torch file of the old format.

    Returns:
        name -> array (float32, or int64 for counters), in the order of the file.

    Raises:
        DataError: no such file, cut short, another format, or a pickle that asks for anything but
            tensors.
    """
    try:
        with file.open("rb") as stream:
            return _read(stream)
    except OSError as error:
        raise DataError(f"{file} cannot be read ({error.strerror}).") from error
    except DataError as error:
        raise DataError(f"{file}: {error}") from error
    except Exception as error:  # whatever a damaged pickle makes of itself
        raise DataError(f"{file} is no torch file of the old format.") from error


def _read(stream: BinaryIO) -> dict[str, NDArray[Any]]:
    if _Reader(stream).load() != MAGIC or _Reader(stream).load() != PROTOCOL:
        raise DataError("it is no torch file of the old format.")
    _Reader(stream).load()  # byte order and sizes of the machine that wrote it
    tensors = _Reader(stream).load()
    keys = _Reader(stream).load()
    kinds = {tensor.storage.key: tensor.storage.dtype for tensor in tensors.values()}
    values = {key: _values(stream, np.dtype(kinds[key])) for key in keys}
    return {name: _view(tensor, values[tensor.storage.key]) for name, tensor in tensors.items()}


def _values(stream: BinaryIO, dtype: np.dtype[Any]) -> NDArray[Any]:
    """One storage: a count, then the values."""
    (count,) = struct.unpack("<q", stream.read(8))
    data = stream.read(count * dtype.itemsize) if count >= 0 else b""
    if len(data) != count * dtype.itemsize:
        raise DataError("it is cut short.")
    return np.frombuffer(data, dtype)


def _view(tensor: _Tensor, values: NDArray[Any]) -> NDArray[Any]:
    """The values of a tensor, which may lie transposed in its storage."""
    pairs = list(zip(tensor.shape, tensor.strides, strict=True))
    last = tensor.offset + sum((length - 1) * stride for length, stride in pairs)
    if min((tensor.offset, *tensor.strides)) < 0 or min(tensor.shape, default=1) < 1:
        raise DataError("a tensor in it has an impossible shape.")
    if last >= len(values):
        raise DataError("a tensor in it reaches beyond its values.")
    steps = [stride * values.itemsize for stride in tensor.strides]
    view = np.lib.stride_tricks.as_strided(values[tensor.offset :], tensor.shape, steps)
    return view.copy()


def _tensor(
    storage: _Storage, offset: int, shape: Sequence[int], strides: Sequence[int], *_: Any
) -> _Tensor:
    """What torch's `_rebuild_tensor_v2` is called with; gradients and hooks are of no use here."""
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


class _Reader(pickle.Unpickler):
    """An unpickler that can make tensors and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        raise DataError(f"it asks for {module}.{name}, which weights have no need of.")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _, _, *view = pid
        if kind != "storage" or dtype not in DTYPES.values() or any(view):
            raise DataError("it holds something other than storages of numbers.")
        return _Storage(str(key), dtype)
