"""A model that you already have becomes a model folder that serves.

    python -m train adopt cats.keras --labels cat,dog --scale 1/255 --out models/cats
    python -m train adopt model.h5 --labels cat,dog --size 150 --scale 1/255 --out models/old
    python -m train adopt bottleneck_fc_model.h5 --labels cat,dog --size 150 --scale 1/255 \\
        --backbone VGG16 --backbone-weights vgg16_notop.h5 --out models/bottleneck

Takes `.keras` files and whole-model `.h5` files of Keras 1, 2 and 3, for pictures in colour or grey
and with channels last or first; with --backbone also a head alone, as the classic bottleneck
scripts save it (the model, or the weights of its dense layers). `--scale` is what your training
multiplied pixels of 0..255 by. Whether the model gives logits or probabilities is found out by what
comes out of it, and told. One sigmoid output becomes two scores: the first label's is one minus the
second's. Export is refused where ONNX Runtime and Keras differ. A file with a Lambda layer is
refused, since loading it would run the code in it. A SavedModel folder or a `.tflite` file is
converted, and serves, but cannot be trained further.
"""

import argparse
import sys
from fractions import Fraction
from functools import partial
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from common.errors import DataError
from common.file_names import portable, printable
from common.model.card import DataFingerprint
from train import arguments
from train.adopt import foreign_graph, keras_files
from train.adopt.adoption import Preprocessing, assemble
from train.adopt.foreign_graph import ForeignGraph, is_foreign
from train.export.model_folder import TrainedModel, write_folder
from train.learning.settings import check_out
from train.measure.evaluation import table
from train.networks import backbones
from train.photos.dataset import Photos, Pixels, scan

_NO_PHOTOS = DataFingerprint(
    counts={},
    sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",  # of nothing
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("file", type=Path, help="a .keras, .h5 or .tflite file, or a SavedModel folder")
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
    add("--offset", type=arguments.number, default=0.0, help="added after that (default: 0)")
    add(
        "--outputs",
        choices=("logits", "probabilities"),
        help="what the model gives (default: by what comes out of it)",
    )
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
    check_out(args.out, args.version, overwrite=args.overwrite)
    if args.scale is None and args.backbone is None:
        raise DataError("--scale is needed: what did training multiply the pixels by (1/255, 1)?")
    photos = scan(args.data / "validation") if args.data else None
    if photos and sorted(photos.classes) != sorted(args.labels):
        raise DataError(
            f"The class folders {', '.join(photos.classes)} are not the labels"
            f" {', '.join(args.labels)}."
        )
    some = photos and partial(_some, photos)
    before = Preprocessing(args.scale, args.offset, args.backbone, args.backbone_weights, args.size)
    labels = len(args.labels)
    model: keras.Model | ForeignGraph
    if is_foreign(args.file):
        model, outputs = foreign_graph.assemble(args.file, before, labels, args.outputs, some)
    else:
        adopted, name = keras_files.load(args.file), printable(args.file)
        model, outputs = assemble(adopted, name, before, labels, args.outputs, some)
    if not args.outputs:
        print(
            f"{printable(args.file)} gives {outputs}, by what comes out of it;"
            " --outputs overrules that.",
            file=sys.stderr,
        )
    product = TrainedModel(
        model=model,
        recipe="adopt",
        settings={
            "file": portable(args.file.name),
            "scale": args.scale,
            "offset": args.offset,
            "backbone": args.backbone,
            "outputs": outputs,
            "classes": args.labels,
        },
        labels=tuple(args.labels),
        data=_NO_PHOTOS,
        description=f"Adopted from {portable(args.file.name)};"
        " what it was trained on is not recorded.",
        pretrained=args.backbone and backbones.provenance(args.backbone, args.backbone_weights),
    )
    figures = write_folder(product, args.out, args.version, photos, overwrite=args.overwrite)
    if figures:
        print(table(figures))
    print(f"{args.out} is ready.", file=sys.stderr)
    return 0


def _some(photos: Photos, side: int) -> NDArray[np.uint8]:
    some = np.linspace(0, len(photos) - 1, min(32, len(photos))).astype(int)
    return Pixels(photos, (side, side))(some)


def _fraction(text: str) -> float:
    numerator, _, denominator = text.partition("/")
    try:
        value = float(Fraction(numerator) / Fraction(denominator or "1"))
    except (ValueError, ArithmeticError):
        value = 0.0
    if not value:
        raise argparse.ArgumentTypeError(f"{text!r} is no number such as 1/255")
    return value
