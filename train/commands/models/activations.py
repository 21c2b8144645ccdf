"""What each convolution sees in a photo, as one sheet of images.

    python -m train activations models/pets photo.jpg --out sheet.png
    python -m train activations models/pets photo.jpg --layers 6 --channels 12

A row is a layer, from the first to the last; a tile is one of its channels, the strongest
first, bright where it answers.
"""

import argparse
from pathlib import Path

from common.errors import DataError
from common.images import decode
from train.arguments import image_file, positive
from train.export.load_keras import load_keras
from train.report.activations import activations, sheet


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", type=Path, help="a model folder with its model.keras, for example models/pets")
    add("photo", type=Path)
    add("--out", type=image_file, default=Path("activations.png"), help="default: activations.png")
    add("--layers", type=positive, default=8, help="at most so many, evenly spread (default: 8)")
    add("--channels", type=positive, default=8, help="of each layer (default: 8)")


def run(args: argparse.Namespace) -> int:
    try:
        data = args.photo.read_bytes()
    except OSError as error:
        raise DataError(f"{args.photo} cannot be read: {error.strerror}.") from error
    _, model = load_keras(args.model)
    pixels = decode(data, model.input_shape[1:3])
    seen = activations(model, pixels[None], args.layers)
    sheet(pixels, seen, args.channels).save(args.out)
    print(f"{args.out}: {', '.join(seen)}")
    return 0
