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

import numpy as np
from numpy.typing import NDArray

from common.card import FILES, Metric, ModelCard, read_card, write_card
from common.classifier import Classifier
from common.errors import DataError
from train import arguments
from train.data import Photos, Pixels, on_every_cpu, scan, union
from train.metrics import Figures, NeitherFigures, measure, measure_neither

BATCH = 4
"""Photos that one thread decodes and classifies at a time."""


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
    classifier = Classifier.load(args.model, precision=args.precision)
    photos = _photos(args.photos)
    scores, familiarity = answers(classifier, photos)
    truth = label_indices(classifier.card, photos)
    figures = measure(scores, truth, classifier.card.labels)
    neither = None
    if args.others:
        if familiarity is None:
            raise DataError(f"{args.model} does not measure familiarity: it never says neither.")
        _, strange = answers(classifier, loose(args.others))
        assert strange is not None, "the same model"
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
    return union([photos if share == 1 else photos.split(share)[0] for photos, share in every])


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


def loose(folder: Path) -> Photos:
    """The photos below a folder, whatever they show.

    Raises:
        DataError: there are none.
    """
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}.")
    paths = tuple(p for p in sorted(folder.rglob("*")) if p.is_file() and p.name[0] != ".")
    if not paths:
        raise DataError(f"There are no photos in {folder}.")
    nothing = np.zeros(len(paths), np.int64)
    return Photos(("other",), paths, nothing, ("",) * len(paths))


def answers(
    classifier: Classifier, photos: Photos
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Run a model over photos.

    Args:
        classifier: of one thread; the photos are spread over the CPUs.

    Returns:
        scores (photos, labels), and familiarity (photos,) if the model measures it.
    """
    outputs = classifier.card.outputs
    names = [name for name in (outputs.scores, outputs.familiarity) if name]
    pixels = Pixels(photos, classifier.target)
    work = on_every_cpu(
        lambda which: classifier.run(pixels(which), names), len(photos), BATCH, "Evaluating"
    )
    rows = [row for _, row in work]
    scores, *familiarity = (np.concatenate(column) for column in zip(*rows, strict=True))
    return scores, familiarity[0] if familiarity else None


def label_indices(card: ModelCard, photos: Photos) -> NDArray[np.int64]:
    """The index of each photo's label (photos,).

    Raises:
        DataError: the class folders are not the model's.
    """
    return np.array(label_of_class(card, photos.classes))[photos.truth]


def label_of_class(card: ModelCard, classes: Sequence[str]) -> list[int]:
    """For each class folder the index of its label: by its name, or as in training.

    Raises:
        DataError: neither fits.
    """
    for names in (list(card.labels), card.settings.get("classes", [])):
        if sorted(names) == sorted(classes):
            return [names.index(name) for name in classes]
    raise DataError(
        f"The class folders {', '.join(classes)} are not the labels of"
        f" {card.name}: {', '.join(card.labels)}."
    )


def neither_table(found: NeitherFigures) -> str:
    """The figures of *neither* for a person to read."""
    lines = [
        f"other photos       {found.others}",
        f"familiarity AUROC  {found.auroc:.4f}",
    ]
    lines += [
        f"others that pass   {passing:.2%} where {kept:.0%} of the labels' photos are kept"
        for kept, passing in found.passing.items()
    ]
    lines.append(
        f"as served          {found.served_passing:.2%} of the others pass,"
        f" {found.served_kept:.2%} of the labels' photos are kept"
    )
    return "\n".join(lines)


def table(found: Figures) -> str:
    """The figures for a person to read."""
    labels = list(found.precision)
    width = max(12, *map(len, labels)) + 2
    lines = [
        f"photos             {found.photos}",
        f"accuracy           {found.accuracy:.4f}",
        f"ROC AUC            {found.roc_auc:.4f}",
        f"log loss           {found.log_loss:.4f}",
        f"calibration error  {found.calibration_error:.4f}"
        f"   (of a calibrated model: below {found.calibration_band:.4f})",
        "",
        f"{'label':<{width}}precision  recall   called " + " ".join(f"{x:>8}" for x in labels),
    ]
    for label, row in zip(labels, found.confusion, strict=True):
        lines.append(
            f"{label:<{width}}{found.precision[label]:9.4f}  {found.recall[label]:6.4f}"
            f"          " + " ".join(f"{count:8d}" for count in row)
        )
    return "\n".join(lines)
