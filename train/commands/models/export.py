"""Turn a finished run into its model folder, or a model folder into files for other runtimes.

    python -m train export models/pets                 the last step of every recipe, alone
    python -m train export models/pets --to tflite     for a Raspberry Pi or a phone
    python -m train export models/pets --to savedmodel for TensorFlow Serving

Alone, for a run whose training is done: after training on a GPU under another Keras backend, or
when the export was interrupted. With --to, the same network as `model.onnx`, compared with it on
photos in its own runtime, with labels.txt and metadata.json beside it.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from common.errors import DataError
from common.file_names import printable
from common.model.card import read_card
from train import arguments
from train.measure.evaluation import unlabelled

PHOTOS = 32
"""That an export is compared on."""
USE = {
    "tflite": "On a Raspberry Pi: pip install ai-edge-litert pillow; on Android and iOS: LiteRT."
    " It takes one picture, stretched to the square, as uint8 RGB.",
    "savedmodel": "With TensorFlow Serving: put the folder at models/NAME/1 and start"
    " tensorflow_model_server --model_name=NAME --model_base_path=\"$PWD/models/NAME\".",
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", type=Path, help="the model folder; without --to, that training was to write")
    add("--to", choices=USE, help="another runtime, for a model folder that is there")
    add(
        "--out", type=Path, metavar="FOLDER",
        help="what --to writes (default: exports/NAME_tflite or exports/NAME_savedmodel)",
    )  # fmt: skip
    add(
        "--validation", type=Path, metavar="FOLDER",
        help="class folders, if they have moved; with --to, any folder of photos to compare on"
        " (default: $DATA_PATH/validation, else drawn pictures)",
    )  # fmt: skip
    add("--overwrite", action="store_true", help="with --to: replace an export that is there")


def run(args: argparse.Namespace) -> int:
    if args.to is None:
        if args.out or args.overwrite:
            raise DataError("--out and --overwrite go with --to; training has said both before.")
        from train.export.export_run import export

        return export(args.model, args.validation)
    from train.export.runtime_export import check_target, export_for
    from train.photos.dataset import Pixels

    card = read_card(args.model)
    out = args.out or Path("exports") / f"{card.name}_{args.to}"
    check_target(out, overwrite=args.overwrite)
    where = arguments.data_path()
    folder = args.validation or (where and where / "validation")
    pictures = None
    if folder:
        photos = unlabelled(folder)
        some = np.unique(np.linspace(0, len(photos) - 1, PHOTOS).astype(int))
        pictures = Pixels(photos, (card.input.height, card.input.width), keep=False)(some)
    apart = export_for(args.to, args.model, out, pictures, overwrite=args.overwrite)
    what = f"{len(pictures)} photos" if pictures is not None else "drawn pictures"
    print(f"Compared with model.onnx on {what}, each in its own runtime; largest difference:")
    for name, value in apart.items():
        print(f"  {name:<12} {value:.2g}")
    print(f"{printable(out)} is ready. {USE[args.to]}", file=sys.stderr)
    return 0
