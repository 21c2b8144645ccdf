"""Measure a model folder on class folders, decoding and running exactly as the service does.

    python -m train evaluate models/cat_dog DATA/validation
    python -m train evaluate models/cat_dog DATA/validation SHELTER --json
    python -m train evaluate models/cat_dog DATA/validation --others TOASTERS
    python -m train evaluate models/cat_dog SHELTER:0.5 --record "half of a shelter's"

With photos of other things (`--others`, any folder) it also says how well the model tells that
these are neither. `--record` keeps the figures in the model's card, with the command.
"""

import argparse
import dataclasses
import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from common.errors import DataError
from common.model.card import FILES, Metric, ModelCard, read_card, write_card
from common.model.classifier import Classifier
from train import arguments
from train.measure.evaluation import (
    answers,
    check_classes,
    label_indices,
    neither_table,
    table,
    unlabelled,
)
from train.measure.metrics import Figures, NeitherFigures, measure, measure_neither
from train.photos.dataset import Photos, concat, scan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a model folder, for example models/cat_dog")
    parser.add_argument(
        "photos",
        type=arguments.held,
        nargs="+",
        metavar="PHOTOS[:SHARE]",
        help="folders of class folders; with a share, without the photos that training with"
        " `--held PHOTOS:SHARE` made choices on",
    )
    parser.add_argument(
        "--others", type=Path, metavar="FOLDER", help="photos that show none of the labels"
    )
    parser.add_argument(
        "--precision", choices=FILES, default="float32", help="which file (default: float32)"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument(
        "--record", metavar="WORDS", help="keep the figures in the card; WORDS name the photos"
    )


def run(args: argparse.Namespace) -> int:
    card = read_card(args.model)
    for folder, _ in args.photos:
        check_classes(card, folder)
    if args.others and card.outputs.familiarity is None:
        raise DataError(f"{args.model} does not measure familiarity: it never says neither.")
    others = unlabelled(args.others) if args.others else None
    classifier = Classifier.load(args.model, precision=args.precision)
    photos = _photos(args.photos)
    scores, familiarity = answers(classifier, photos)
    truth = label_indices(classifier.card, photos)
    figures = measure(scores, truth, classifier.card.labels)
    neither = None
    if others is not None:
        _, strange = answers(classifier, others)
        assert familiarity is not None, "the card says that it is measured"
        assert strange is not None, "by the same model"
        threshold = classifier.card.neither_threshold or 0.0
        neither = measure_neither(familiarity, strange, threshold)
    if args.record:
        record(args, figures, neither)
    if args.json:
        found = dataclasses.asdict(figures)
        if neither:
            found["neither"] = dataclasses.asdict(neither)
        print(json.dumps(found, indent=2))
        return 0
    print(table(figures))
    if neither:
        print("\n" + neither_table(neither))
    return 0


def _photos(folders: Sequence[tuple[Path, float]]) -> Photos:
    every = [(scan(folder), share) for folder, share in folders]
    return concat([photos if share == 1 else photos.split(share)[0] for photos, share in every])


def record(args: argparse.Namespace, figures: Figures, neither: NeitherFigures | None) -> None:
    """Keep figures in a model's card, in place of those that were measured on the same photos."""
    words = ["python", "-m", "train", "evaluate", f"models/{args.model.name}"]
    words += [path.name if share == 1 else f"{path.name}:{share:g}" for path, share in args.photos]
    if args.precision != "float32":
        words += ["--precision", args.precision]
    command = shlex.join(words)
    data = f"{args.record}, {figures.photos} photos"
    found = [(data, figures.flat(), command)]
    if neither:
        others = f"{data}, and {neither.others} photos of other things"
        found.append((others, neither.flat(), shlex.join([*words, "--others", args.others.name])))
    new = tuple(
        Metric(name=name, value=round(value, 6), data=data, command=command)
        for data, values, command in found
        for name, value in values.items()
    )
    card = read_card(args.model)
    part = card.int8 if args.precision == "int8" and card.int8 else card
    again = {metric.data for metric in new}
    old = tuple(metric for metric in part.metrics if metric.data not in again)
    part = part.model_copy(update={"metrics": old + new})
    write_card(part if isinstance(part, ModelCard) else card.with_int8(part), args.model)
