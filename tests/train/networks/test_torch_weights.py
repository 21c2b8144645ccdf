"""The reader of torch's old files: tensors as they were written, and nothing else."""

import io
import os
import pickle
import struct
import sys
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from common.errors import DataError
from train.networks.torch_weights import MAGIC, PROTOCOL, read_state_dict

TORCH, UTILS = ModuleType("torch"), ModuleType("torch._utils")
for kind in ("FloatStorage", "HalfStorage"):
    setattr(TORCH, kind, type(kind, (), {"__module__": "torch"}))


def _rebuild_tensor_v2() -> None:
    """Stands for torch's: only its name is written."""


_rebuild_tensor_v2.__module__ = "torch._utils"
UTILS._rebuild_tensor_v2 = _rebuild_tensor_v2  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names to write; reading must not need them."""
    monkeypatch.setitem(sys.modules, "torch", TORCH)
    monkeypatch.setitem(sys.modules, "torch._utils", UTILS)


@dataclass
class Storage:
    kind: str


class Writer(pickle.Pickler):
    def persistent_id(self, thing: Any) -> Any:
        if not isinstance(thing, Storage):
            return None
        return "storage", getattr(TORCH, thing.kind), "0", "cpu", 6, None


class Tensor:
    def __init__(self, rebuild: Callable[..., Any], *arguments: Any) -> None:
        self.call = rebuild, arguments

    def __reduce__(self) -> Any:
        return self.call


def tensor(
    *,
    kind: str = "FloatStorage",
    offset: int = 0,
    shape: tuple[int, ...] = (2, 3),
    strides: tuple[int, ...] = (3, 1),
    rebuild: Callable[..., Any] = _rebuild_tensor_v2,
) -> Tensor:
    return Tensor(rebuild, Storage(kind), offset, shape, strides, False, OrderedDict())


def write(file: Path, state: Any, *, magic: int = MAGIC, values: int = 6) -> Path:
    stream = io.BytesIO()
    for part in (magic, PROTOCOL, {"little_endian": True}):
        pickle.dump(part, stream, 2)
    Writer(stream, 2).dump(state)
    pickle.dump(["0"], stream, 2)
    stream.write(struct.pack("<q", values) + np.arange(values, dtype="<f4").tobytes())
    file.write_bytes(stream.getvalue())
    return file


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (tensor(), [[0, 1, 2], [3, 4, 5]]),
        (tensor(shape=(3, 2), strides=(1, 3)), [[0, 3], [1, 4], [2, 5]]),
        (tensor(offset=4, shape=(2,), strides=(1,)), [4, 5]),
        (tensor(offset=5, shape=(), strides=()), 5),
    ],
    ids=["in order", "transposed", "a part", "a number"],
)
def test_tensors_are_read_as_they_were_written(
    tmp_path: Path, written: Tensor, expected: Any
) -> None:
    found = read_state_dict(write(tmp_path / "w.pth", OrderedDict(weight=written)))
    assert found["weight"].tolist() == expected


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (OrderedDict(weight=tensor(rebuild=os.getcwd)), "asks for posix.getcwd"),
        (OrderedDict(weight=tensor(rebuild=eval)), "asks for (__builtin__|builtins).eval"),
        (OrderedDict(weight=tensor(kind="HalfStorage")), "asks for torch.HalfStorage"),
        (OrderedDict(weight=tensor(offset=1)), "beyond its values"),
        (OrderedDict(weight=tensor(strides=(-3, 1))), "impossible shape"),
        (OrderedDict(weight=tensor(shape=(0, 3))), "impossible shape"),
        (OrderedDict(weight=7), "no torch file"),
        ("nothing of the kind", "no torch file"),
    ],
)
def test_anything_else_is_refused_in_one_line(tmp_path: Path, state: Any, reason: str) -> None:
    file = write(tmp_path / "w.pth", state)
    with pytest.raises(DataError, match=reason) as refusal:
        read_state_dict(file)
    assert str(file) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    whole = write(tmp_path / "w.pth", OrderedDict(weight=tensor())).read_bytes()
    for name, data in {"short": whole[:-3], "empty": b"", "zip": b"PK\x03\x04" + whole}.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DataError):
            read_state_dict(tmp_path / name)
    with pytest.raises(DataError, match="No such file"):
        read_state_dict(tmp_path / "nowhere")
    with pytest.raises(DataError, match="old format"):
        read_state_dict(write(tmp_path / "m.pth", OrderedDict(), magic=1))
