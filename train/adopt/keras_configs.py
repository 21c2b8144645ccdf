"""The architecture in a Keras file of any year, rewritten as Keras 3 on a CPU takes it.

Plain values in, plain values out: nothing is built and no code of a file is run. Keras 1 called
arguments otherwise, Keras 2 wrote ones that have gone, TensorFlow wrote arithmetic as TFOpLambda;
mixed precision becomes 32 bits, channels come last.
"""

import inspect
from collections.abc import Iterator
from typing import Any

import keras

from common.errors import ModelError

Config = dict[str, Any]

# Keras 1 -> since
_CLASSES = {
    "Convolution2D": "Conv2D", "SeparableConvolution2D": "SeparableConv2D",
    "Deconvolution2D": "Conv2DTranspose", "AtrousConvolution2D": "Conv2D",
}  # fmt: skip
_ARGUMENTS = {
    "nb_filter": "filters", "output_dim": "units", "subsample": "strides",
    "border_mode": "padding", "dim_ordering": "data_format", "bias": "use_bias", "p": "rate",
    "atrous_rate": "dilation_rate",
}  # fmt: skip
_FORMATS = {"th": "channels_first", "tf": "channels_last", "default": "channels_last"}
# What decides training alone, or says nothing where it is at its default.
_LEARNING = ("initializer", "regularizer", "constraint", "init", "renorm", "learning_rate")
_EVERY_LAYER = {
    "name", "trainable", "dtype", "autocast", "activity_regularizer", "batch_input_shape",
    "batch_shape", "input_shape", "sparse", "ragged", "layers", "build_input_shape",
}  # fmt: skip
_ARITHMETIC = {
    "truediv": lambda y: (1 / y, 0.0), "divide": lambda y: (1 / y, 0.0),
    "multiply": lambda y: (y, 0.0), "subtract": lambda y: (1.0, -y), "add": lambda y: (1.0, y),
    "__operators__.add": lambda y: (1.0, y),
}  # fmt: skip


def class_names(config: Any) -> set[str]:
    """Every `class_name` anywhere in a config."""
    return {str(one["class_name"]) for one in described(config)}


def is_channels_first(config: Any) -> bool:
    """Whether a network takes (channels, height, width), as those of Theano do."""
    formats = {
        _FORMATS.get(str(own), own)
        for one in described(config)
        if isinstance(one.get("config"), dict)
        for own in [one["config"].get("data_format") or one["config"].get("dim_ordering")]
    }
    return "channels_first" in formats


def modern(config: Config) -> Config:
    """The same architecture as Keras 3 understands it.

    Raises:
        ModelError: a layer that has no counterpart.
    """
    rewritten: Config = _rewrite(config, is_channels_first(config))
    return rewritten


def described(config: Any) -> Iterator[Config]:
    """Everything in a config that has a `class_name`, at any depth."""
    if isinstance(config, list):
        for one in config:
            yield from described(one)
    elif isinstance(config, dict):
        if "class_name" in config:
            yield config
        for one in config.values():
            yield from described(one)


def _rewrite(value: Any, first: bool) -> Any:
    if isinstance(value, list):
        return [_rewrite(one, first) for one in value]
    if not isinstance(value, dict):
        return value
    if "Policy" in str(value.get("class_name")):  # mixed precision, under its names of all years
        return "float32"
    new = {key: _rewrite(one, first) for key, one in value.items()}
    if new.get("class_name") == "Sequential":
        _sequential(new)
    if isinstance(new.get("class_name"), str) and isinstance(new.get("config"), dict):
        _layer(new, first)
    return new


def _sequential(model: Config) -> None:
    """A list of layers in older files, the first of which carries the shape of the input."""
    if isinstance(model.get("config"), list):
        model["config"] = {"name": "sequential", "layers": model["config"]}
    inside = model["config"].get("layers") or []
    if not inside or inside[0].get("class_name") == "InputLayer":
        return
    shape = inside[0]["config"].get("batch_input_shape")
    for one in inside:
        one["config"].pop("batch_input_shape", None)
    if shape:
        name = f"{inside[0]['config'].get('name', 'first')}_input"
        own = {"batch_shape": shape, "dtype": "float32", "name": name}
        inside.insert(0, {"class_name": "InputLayer", "config": own})


def _layer(layer: Config, first: bool) -> None:
    """Rewrite one layer in place; its own layers are rewritten already."""
    name, own = layer["class_name"], layer["config"]
    if name in ("TFOpLambda", "SlicingOpLambda"):
        _arithmetic(layer)
        return
    name = layer["class_name"] = _CLASSES.get(name, name)
    for old, new in _ARGUMENTS.items():
        if old in own and new not in own:
            own[new] = own.pop(old)
    if "nb_row" in own:
        own["kernel_size"] = [own.pop("nb_row"), own.pop("nb_col")]
    if str(own.get("data_format")) in _FORMATS:
        own["data_format"] = _FORMATS[own["data_format"]]
    if str(own.get("dtype", "")).startswith(("mixed_", "float16", "bfloat16")):
        own["dtype"] = "float32"
    axis = own.get("axis")
    if isinstance(axis, list) and len(axis) == 1:
        own["axis"] = axis[0]
    own.pop("input_dtype", None)
    if first:
        _channels_last(name, own)
    known = getattr(keras.layers, name, None)
    if isinstance(known, type) and name not in ("Sequential", "Functional", "Model"):
        _drop_what_has_gone(known, own)


def _channels_last(name: str, own: Config) -> None:
    if own.get("data_format") == "channels_first":
        own["data_format"] = "channels_last"
    for key in ("batch_input_shape", "batch_shape"):
        shape = own.get(key)
        if isinstance(shape, list) and len(shape) == 4:
            own[key] = [shape[0], shape[2], shape[3], shape[1]]
    if name in ("BatchNormalization", "Concatenate") and own.get("axis") == 1:
        own["axis"] = -1


def _drop_what_has_gone(known: type, own: Config) -> None:
    """Leave out arguments that a layer no longer takes, where they change nothing.

    One that would change the answer stays, and Keras refuses it.
    """
    taken = set(inspect.signature(known.__init__).parameters) | _EVERY_LAYER
    for key in set(own) - taken:
        neutral = own[key] in (None, False, 1, [], {}, "default")
        if neutral or any(word in key for word in _LEARNING) or key in ("fused", "mode"):
            del own[key]


def _arithmetic(layer: Config) -> None:
    """A constant that is added or multiplied, as applications' preprocessing is written."""
    function = str(layer["config"].get("function", "")).removeprefix("math.")
    nodes = layer.get("inbound_nodes") or [[]]
    arguments = nodes[0][-1] if nodes[0] else None
    if isinstance(arguments, list):  # one more pair of brackets in some years
        arguments = arguments[-1]
    constant = arguments.get("y") if isinstance(arguments, dict) else None
    if function not in _ARITHMETIC or not isinstance(constant, int | float) or not constant:
        raise ModelError(
            f"The file has an operation of TensorFlow's own as a layer ({function or '?'}), which"
            " Keras 3 cannot load; save the model again without it, with a Rescaling layer"
            " where it scales pictures."
        )
    scale, offset = _ARITHMETIC[function](constant)
    layer["class_name"] = "Rescaling"
    layer["config"] = {"name": layer["config"]["name"], "scale": scale, "offset": offset}
    arguments.clear()
