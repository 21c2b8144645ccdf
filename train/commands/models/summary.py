"""What a model folder holds: its card in short, and every layer of its network.

python -m train summary models/pets
"""

import argparse
from pathlib import Path

from common.model.card import ONNX, read_card
from train.export.load_keras import load_keras
from train.export.model_folder import KERAS
from train.networks import parts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a model folder, for example models/cat_dog")


def run(args: argparse.Namespace) -> int:
    card = read_card(args.model)
    size = (args.model / ONNX).stat().st_size / 1e6 if (args.model / ONNX).is_file() else 0.0
    print(f"{card.name} {card.version}, {card.created:%Y-%m-%d}, recipe {card.recipe}")
    print(f"labels    {', '.join(card.labels)}")
    print(f"input     uint8 {card.input.height}x{card.input.width}x3")
    print(f"trained   {', '.join(f'{n} {label}' for label, n in card.data.counts.items())}")
    print(f"size      {size:.1f} MB ({ONNX})")
    for metric in card.metrics:
        print(f"{metric.name:<20} {metric.value:.4f}  {metric.data}")
    if not (args.model / KERAS).is_file():
        print(f"\nThe layers are not shown: {KERAS} is made by training, and not kept in git.")
        return 0
    _, model = load_keras(args.model)
    inner = parts.backbone(model)
    model.summary(line_length=90)
    if inner is not model:
        inner.summary(line_length=90)
    return 0
