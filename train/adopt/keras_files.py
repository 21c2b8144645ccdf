"""Load what people saved with Keras 1, 2 or 3, without running code that the file may carry.

Everything else is refused in words that say what the file is and what to do.
"""

import copy
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
from keras import layers

from common.errors import ModelError
from common.file_names import printable
from train.adopt.keras_configs import class_names, described, is_channels_first, modern

_RESAVE = "load it where it was made and save the whole model: model.save('model.keras')"
_OTHER_FILES = (
    (b"\x80", "a Python pickle (PyTorch, scikit-learn), which could run any code;"
     " only Keras models are adopted"),
    (b"\x08", "an ONNX file or a frozen graph of TensorFlow; adopt the Keras model that it was"
     " made from"),
    (b"{", "JSON, the architecture without its weights (or a model for the browser);"
     f" {_RESAVE}"),
)  # fmt: skip


def load(file: Path) -> keras.Model:
    """Load a whole model, or a head from the weights of its dense layers.

    Raises:
        ModelError: no such file, code in it, or another kind of file; the message says what to do.
    """
    name = printable(file)
    try:
        config = _config(file)
        if config is None:
            return _head_of_weights(file)
        if "Lambda" in class_names(config):
            raise ModelError(
                f"{name} has a Lambda layer, which is Python code that loading would run;"
                " replace it by an ordinary layer, such as Rescaling."
            )
        new = modern(copy.deepcopy(config))
        with _rewritten(file, config, new) as readable:
            model = keras.models.load_model(readable, compile=False, safe_mode=True)
        if is_channels_first(config):
            _turn_flattened(model, config)
        return model
    except OSError as error:
        why = error.strerror or "it is damaged, or no .keras, .h5 or .tflite file"
        raise ModelError(f"{name} cannot be read: {why}.") from error
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RuntimeError,
            zipfile.BadZipFile) as error:  # fmt: skip
        raise ModelError(f"{name} cannot be loaded as a Keras model: {_cause(error)}") from error


def _config(file: Path) -> Any:
    """The architecture that a file describes, as plain values; None for weights alone."""
    name = printable(file)
    if file.is_dir():
        raise ModelError(
            f"{name} is a folder, but no SavedModel: there is no saved_model.pb in it; name a file,"
            " or the folder that holds that."
        )
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            if "config.json" in archive.namelist():
                return json.loads(archive.read("config.json"))
            inside = ", ".join(archive.namelist()[:5])
        raise ModelError(
            f"{name} is a zip file but no .keras file (it holds {printable(inside)} …);"
            " unpack it, and name the .h5 or .keras file in it."
        )
    with file.open("rb") as stream:
        head = stream.read(8)
    for start, what in _OTHER_FILES:
        if head.startswith(start):
            raise ModelError(f"{name} is {what}.")
    with h5py.File(file) as archive:
        text = archive.attrs.get("model_config")
        if text is not None:
            return json.loads(text)
        if "layer_names" in archive.attrs:
            return None
    raise ModelError(
        f"{name} holds weights alone, without the network they belong to (Keras 3 calls it"
        f" .weights.h5); build the network, load_weights, then {_RESAVE.rpartition(' and ')[2]}."
    )


@contextmanager
def _rewritten(file: Path, old: Any, new: Any) -> Iterator[Path]:
    """A copy of a file with another config; the file itself where nothing had to be changed."""
    if new == old:
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / ("model.keras" if zipfile.is_zipfile(file) else "model.h5")
        if copied.suffix == ".keras":
            with zipfile.ZipFile(file) as source, zipfile.ZipFile(copied, "w") as target:
                for member in source.namelist():
                    changed = json.dumps(new).encode() if member == "config.json" else None
                    target.writestr(member, changed or source.read(member))
        else:
            shutil.copyfile(file, copied)
            with h5py.File(copied, "r+") as archive:
                archive.attrs["model_config"] = json.dumps(new)
                theano = _text(archive.attrs.get("backend")) == "theano"
                _kernels(archive, old, theano)
        yield copied


def _kernels(archive: h5py.File, config: Any, theano: bool) -> None:
    """Convolutions of Theano's days: other axes in Keras 1 files, and mirrored kernels."""
    old_axes = "nb_filter" in json.dumps(config) and is_channels_first(config)
    if not (theano or old_axes):
        return

    names: list[str] = []
    archive.visit(names.append)
    for name in names:
        values = archive[name]
        if isinstance(values, h5py.Dataset) and values.ndim == 4:
            kernel = values[()]
            if old_axes:  # (filters, channels, rows, columns)
                kernel = kernel.transpose(2, 3, 1, 0)
            if theano:
                kernel = kernel[::-1, ::-1]
            del archive[name]
            archive[name] = kernel


def _turn_flattened(model: keras.Model, config: Any) -> None:
    """Dense layers that follow a Flatten of (channels, height, width) expect that order.

    A Flatten that was told of it puts channels last by itself.
    """
    told = {
        one["config"].get("name"): one["config"].get("data_format") or "channels_last"
        for one in described(config)
        if one["class_name"] == "Flatten"
    }
    maps: tuple[int, ...] | None = None
    for layer in model.layers:
        if isinstance(layer, layers.Flatten):
            first = told.get(layer.name) == "channels_first"
            maps = None if first else tuple(layer.input.shape[1:])
        elif isinstance(layer, layers.Dense) and maps and len(maps) == 3:
            height, width, channels = maps
            kernel, *bias = layer.get_weights()
            kernel = kernel.reshape(channels, height, width, -1).transpose(1, 2, 0, 3)
            layer.set_weights([kernel.reshape(height * width * channels, -1), *bias])
            maps = None


def _head_of_weights(file: Path) -> keras.Model:
    """Flatten and dense layers, from a Keras 2 file with only their weights.

    The classic script: flatten, dense with ReLU, dropout, dense with one sigmoid (or a softmax).
    """
    with h5py.File(file) as archive:
        groups = [archive[name] for name in archive.attrs["layer_names"]]
        weights = [
            [np.asarray(group[name]) for name in group.attrs["weight_names"]]
            for group in groups
            if len(group.attrs["weight_names"])
        ]
    if not weights or any(len(w) != 2 or w[0].ndim != 2 for w in weights):
        raise ModelError(
            f"{printable(file)} holds weights alone, and not those of a head of dense layers;"
            " build the network, load_weights, then save the whole model:"
            " model.save('model.keras')."
        )
    inputs = keras.Input((weights[0][0].shape[0],))
    x = inputs
    for i, (kernel, bias) in enumerate(weights):
        last = i == len(weights) - 1
        kind = "relu" if not last else "sigmoid" if len(bias) == 1 else "softmax"
        dense = layers.Dense(len(bias), activation=kind)
        x = dense(x)
        dense.set_weights([kernel, bias])
    return keras.Model(inputs, x)


def _text(value: Any) -> str | None:
    return value.decode() if isinstance(value, bytes) else value


def _cause(error: Exception) -> str:
    """What Keras says, without the config that it repeats and addresses in memory."""
    said = str(error).split("Exception encountered:")[-1].strip() or type(error).__name__
    if "custom object" in said or "Could not locate class" in said:
        named = re.search(r"(?:class|object|layer)\W+'?(\w+)'?", said)
        own = f" ({named[1]})" if named else ""
        return f"it has a layer of its own{own}, whose code is not in the file."
    said = re.sub(r" at 0x[0-9a-f]+", "", said.splitlines()[0])
    return said if len(said) < 300 else said[:299] + "…"
