"""A Keras file that you already have becomes a model folder that serves.

    python -m train adopt cats.keras --labels cat,dog --scale 1/255 --out models/cats
    python -m train adopt model.h5 --labels cat,dog --size 150 --scale 1/255 --out models/old
    python -m train adopt bottleneck_fc_model.h5 --labels cat,dog --size 150 --scale 1/255 \\
        --backbone VGG16 --backbone-weights vgg16_notop.h5 --out models/bottleneck

Takes `.keras` files and whole-model `.h5` files; with --backbone also a head alone, as the
classic bottleneck scripts save it (the model, or the weights of its dense layers). `--scale` is
what your training multiplied pixels of 0..255 by. One sigmoid output becomes two scores: the
first label's is one minus the second's. Export is refused where ONNX Runtime and Keras differ.
A file with a Lambda layer is refused, since loading it would run the code in it.
"""

import argparse
import json
import sys
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import h5py
import keras
from keras import layers

from common.card import DataFingerprint
from common.errors import DataError, ModelError
from train import arguments, backbones, networks
from train.data import scan
from train.evaluation import table
from train.model_folder import TrainedModel, write_folder

_NO_PHOTOS = DataFingerprint(
    counts={},
    sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",  # of nothing
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("file", type=Path, help="a .keras or .h5 file")
    add(
        "--labels",
        type=arguments.names,
        required=True,
        metavar="A,B,…",
        help="in the order of the model's outputs; of a sigmoid, what 0 and 1 mean",
    )
    add("--out", type=Path, required=True, metavar="models/NAME", help="the model folder to write")
    add("--size", type=arguments.size, metavar="PIXELS", help="default: what the file says")
    add(
        "--scale",
        type=_fraction,
        metavar="NUMBER",
        help="what pixels of 0..255 are multiplied by: 1/255, 1/127.5, or 1 where the model scales"
        " them itself; with --backbone the default is the backbone's own preprocessing",
    )
    add("--offset", type=float, default=0.0, help="added after that (default: 0)")
    add("--backbone", metavar="NAME", help="the network of keras.applications under a head alone")
    add(
        "--backbone-weights",
        default="imagenet",
        metavar="imagenet|FILE",
        help="its weights (default: imagenet)",
    )
    add(
        "--data",
        type=Path,
        metavar="DATA",
        help="measure on DATA/validation, and prove the export on its photos",
    )
    add("--version", default="1", help="version in the model card (default: 1)")
    add("--overwrite", action="store_true", help="replace the model folder if it is there")


def run(args: argparse.Namespace) -> int:
    if args.out.exists() and not args.overwrite:
        raise DataError(f"{args.out} is there already; --overwrite replaces it.")
    if args.scale is None and args.backbone is None:
        raise DataError("--scale is needed: what did training multiply the pixels by (1/255, 1)?")
    adopted = load(args.file)
    trained = TrainedModel(
        model=assemble(adopted, args),
        recipe="adopt",
        settings={
            "file": args.file.name,
            "scale": args.scale,
            "offset": args.offset,
            "backbone": args.backbone,
            "classes": args.labels,
        },
        labels=tuple(args.labels),
        data=_NO_PHOTOS,
        description=f"Adopted from {args.file.name}; what it was trained on is not recorded.",
        pretrained=args.backbone and backbones.provenance(args.backbone, args.backbone_weights),
    )
    photos = scan(args.data / "validation") if args.data else None
    figures = write_folder(trained, args.out, args.version, photos, overwrite=args.overwrite)
    if figures:
        print(table(figures))
    print(f"{args.out} is ready.", file=sys.stderr)
    return 0


def load(file: Path) -> keras.Model:
    """Load a whole model or a head, without running any code that the file may carry.

    Raises:
        ModelError: not such a file, or a Lambda layer in it.
    """
    try:
        config = _config(file)
        if config is None:
            return _head_of_weights(file)
        if "Lambda" in _class_names(config):
            raise ModelError(
                f"{file} has a Lambda layer, which is Python code that loading would run;"
                " replace it by an ordinary layer, such as Rescaling."
            )
        return keras.models.load_model(file, compile=False, safe_mode=True)
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror or error}.") from error
    except (ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"{file} cannot be loaded as a Keras model: {reason}") from error


def assemble(adopted: keras.Model, args: argparse.Namespace) -> keras.Model:
    """Put scaling (and a backbone) in front and logits at the end: pictures in, logits out.

    Raises:
        DataError: sizes, shapes or labels that do not fit together.
    """
    shape = adopted.input_shape
    if args.backbone is None and (len(shape) != 4 or shape[3] != 3):
        raise DataError(f"{args.file} takes {shape[1:]}, not pictures; is it a head? (--backbone)")
    own = None if args.backbone else shape[1]
    if own and shape[1] != shape[2]:
        raise DataError(f"{args.file} takes {shape[1]}x{shape[2]}; only squares are adopted.")
    side = args.size or own
    if side is None:
        raise DataError("--size is needed: the file does not say which pictures it takes.")
    if own and side != own:
        raise DataError(f"{args.file} takes {own}x{own} pictures, not {side}x{side}.")

    pictures = networks.pictures((side, side))
    if args.scale is None:
        x = backbones.preprocess(args.backbone, pictures)
    else:
        x = layers.Rescaling(args.scale, args.offset, name="preprocess")(pictures)
    if args.backbone:
        x = backbones.build(args.backbone, args.backbone_weights, (side, side))(x, training=False)
    if args.backbone and len(shape) == 2:
        x = layers.Flatten(name="flatten")(x)
    try:
        outputs = adopted(x, training=False)
    except ValueError as error:
        raise DataError(
            f"{args.file} takes {shape[1:]}, not the {tuple(x.shape[1:])} before it."
        ) from error
    found = 2 if outputs.shape[-1] == 1 else outputs.shape[-1]
    if len(outputs.shape) != 2 or found != len(args.labels):
        raise DataError(f"{args.file} has {found} outputs; --labels names {len(args.labels)}.")
    return keras.Model(pictures, _logits(adopted, outputs), name="adopted")


def _logits(adopted: keras.Model, outputs: keras.KerasTensor) -> keras.KerasTensor:
    """Whatever the last layer says, as logits whose softmax is the model's own answer."""
    activation = getattr(adopted.layers[-1], "activation", None)
    softmax = isinstance(adopted.layers[-1], layers.Softmax)
    if activation is keras.activations.linear and not softmax:
        if outputs.shape[-1] == 1:
            return keras.ops.concatenate([keras.ops.zeros_like(outputs), outputs], axis=-1)
        return outputs
    if outputs.shape[-1] == 1:
        outputs = keras.ops.concatenate([1.0 - outputs, outputs], axis=-1)
    return keras.ops.log(keras.ops.clip(outputs, 1e-7, 1.0))


def _config(file: Path) -> Any:
    """The architecture that a file describes, as plain values; None for weights alone."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            return json.loads(archive.read("config.json"))
    with h5py.File(file) as archive:
        text = archive.attrs.get("model_config")
        return None if text is None else json.loads(text)


def _class_names(config: Any) -> set[str]:
    """Every `class_name` anywhere in a config."""
    if isinstance(config, list):
        return set().union(*map(_class_names, config))
    if isinstance(config, dict):
        inner = set().union(*map(_class_names, config.values()))
        return inner | {str(config["class_name"])} if "class_name" in config else inner
    return set()


def _head_of_weights(file: Path) -> keras.Model:
    """Flatten and dense layers, from a legacy file with only their weights.

    The classic script: flatten, dense with ReLU, dropout, dense with one sigmoid (or a softmax).
    """
    with h5py.File(file) as archive:
        groups = [archive[name] for name in archive.attrs["layer_names"]]
        weights = [
            [group[name][()] for name in group.attrs["weight_names"]]
            for group in groups
            if len(group.attrs["weight_names"])
        ]
    if not weights or any(len(w) != 2 or w[0].ndim != 2 for w in weights):
        raise ValueError("the file has weights only, and not those of dense layers.")
    inputs = keras.Input((weights[0][0].shape[0],))
    x = inputs
    for i, (kernel, bias) in enumerate(weights):
        last = i == len(weights) - 1
        kind = "relu" if not last else "sigmoid" if len(bias) == 1 else "softmax"
        dense = layers.Dense(len(bias), activation=kind)
        x = dense(x)
        dense.set_weights([kernel, bias])
    return keras.Model(inputs, x)


def _fraction(text: str) -> float:
    numerator, _, denominator = text.partition("/")
    try:
        return float(Fraction(numerator) / Fraction(denominator or "1"))
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(f"{text!r} is no number such as 1/255") from None
