"""Put the same network into 8 bits beside the float file: half the time on CPUs that can.

    python -m train quantise models/pets --data DATA
    python -m train quantise models/cat_dog --data DATA --held SHELTER:0.5

Convolutions and what lies between them go to 8 bits, per channel; the head, the familiarity and
the maps stay in float. Ranges are calibrated on training photos; temperature and the line
of *neither* are fitted again on those that training chose on. The figures on DATA/validation go
into the card, of both files. The 8-bit file is kept if it loses at most 2 of 1,000 verdicts of both
kinds of photos together. Takes three minutes for EfficientNet-Lite2.

The service takes the 8-bit file where the CPU has instructions for it (VNNI, dot products) and
the float one elsewhere; PRECISION says otherwise.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from common.model.card import INT8, ONNX, Metric, read_card, write_card
from common.model.classifier import Classifier
from train import arguments
from train.export.quantisation import described, fit, quantise, refuse_if_worse, spread_evenly
from train.measure.evaluation import answers, check_classes, label_indices, table
from train.measure.metrics import Figures, measure
from train.photos.dataset import Photos, Pixels, scan
from train.photos.run_photos import held_photos

HELD_SHARE = 0.1
"""Of DATA/train, as recipes hold it where they are not told otherwise."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", type=Path, help="a model folder, for example models/cat_dog")
    arguments.data(parser)
    arguments.held_folders(
        parser,
        "class folders on which training made its choices, as it was told; without, the"
        " tenth of DATA/train that a recipe holds",
    )


def run(args: argparse.Namespace) -> int:
    card = read_card(args.model)
    check_classes(card, args.data / "validation")
    train, validation = _photos(args)
    test = scan(args.data / "validation")
    floats = Classifier.load(args.model, precision="float32")
    before = [_figures(floats, photos) for photos in (test, validation)]
    with tempfile.TemporaryDirectory(dir=args.model.parent, prefix=f".{args.model.name}.") as name:
        half = Path(name)
        pictures = Pixels(spread_evenly(train), floats.target)
        quantise(args.model / ONNX, half / INT8, pictures, floats.card.input.name)
        card = fit(card, half, validation)
        eight = Classifier.load_unverified(card, half, precision="int8")
        after = [_figures(eight, photos) for photos in (test, validation)]
        print(f"float32\n{table(before[0])}\n\nint8\n{table(after[0])}")
        refuse_if_worse(before, after)
        card = described(card, half, _metrics(after[0], args.model.name))
        (half / INT8).replace(args.model / INT8)
        write_card(card, args.model)
    Classifier.load(args.model, precision="int8")  # what the service will do
    print(f"\n{args.model / INT8} is ready.", file=sys.stderr)
    return 0


def _photos(args: argparse.Namespace) -> tuple[Photos, Photos]:
    """The photos that ranges are measured on, and those that choices are made on."""
    every = scan(args.data / "train")
    if not args.held:
        return every.split(HELD_SHARE)
    validation = held_photos(args.held, every.classes)
    return every.without(validation), validation


def _figures(classifier: Classifier, photos: Photos) -> Figures:
    scores, _ = answers(classifier, photos)
    return measure(scores, label_indices(classifier.card, photos), classifier.card.labels)


def _metrics(figures: Figures, name: str) -> tuple[Metric, ...]:
    command = f"python -m train evaluate models/{name} DATA/validation --precision int8"
    data = f"DATA/validation, {figures.photos} photos"
    return tuple(
        Metric(name=metric, value=round(value, 6), data=data, command=command)
        for metric, value in figures.flat().items()
    )
