"""Two models on the same photos: what one got right and the other wrong, and whether it is chance.

    python -m train compare models/first models/fruit DATA/validation
    python -m train compare models/fruit models/fruit:int8 DATA/validation
    python -m train compare models/fruit models/tuned DATA/validation --page compare.html

A photo is right where the highest score is that of its label, as `evaluate` counts. The page shows
every photo on which the two differ, with both models' scores and heat maps; it holds all it shows.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.atomic import write_file
from common.errors import DataError
from common.file_names import portable, printable
from common.model.card import FILES, ModelCard, Precision, read_card
from common.model.classifier import Classifier
from train import arguments
from train.measure.comparison import Comparison, compare, differing, in_words
from train.measure.evaluation import answers, label_indices, label_of_class
from train.photos.dataset import class_folders, scan


@dataclass(frozen=True)
class Model:
    """One of a model folder's files."""

    folder: Path
    precision: Precision


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    for name in "ab":
        add(
            name, type=_model, metavar=f"{name.upper()}[:PRECISION]",
            help=f"a model folder; its precision is one of {', '.join(FILES)} (default: float32)",
        )  # fmt: skip
    where = arguments.data_path()
    add(
        "photos",
        type=arguments.held,
        nargs="?",
        default=where and (where / "validation", 1.0),
        metavar="PHOTOS[:SHARE]",
        help="a folder of class folders; with a share, without the photos that training with"
        " `--held PHOTOS:SHARE` made choices on (default: $DATA_PATH/validation)",
    )
    add("--page", type=arguments.html_file, metavar="FILE", help="write the page, .html")
    add("--no-photos", action="store_true", help="leave photos and heat maps out of the page")
    add("--json", action="store_true", help="print figures and differing photos as JSON")


def run(args: argparse.Namespace) -> int:
    cards = _cards(args.a, args.b)
    if args.photos is None:
        raise DataError("Which photos? Name a folder of class folders, or set DATA_PATH.")
    folder, share = args.photos
    _check_classes(cards, list(class_folders(folder)))
    models = [Classifier.load(one.folder, precision=one.precision) for one in (args.a, args.b)]
    photos = scan(folder)
    if share < 1:
        photos = photos.split(share)[0]
    labels = models[0].card.labels
    order = [models[1].card.labels.index(label) for label in labels]
    scores = answers(models[0], photos)[0], answers(models[1], photos)[0][:, order]
    truth = label_indices(models[0].card, photos)
    found = compare(*scores, truth, labels)
    names = [path.relative_to(folder).as_posix() for path in photos.paths]
    if args.page:
        from train.report.comparison_page import page

        source = printable(folder.resolve().name)
        write_file(
            args.page,
            page(models, found, scores, truth, photos, names, source,
                 show_photos=not args.no_photos),
        )  # fmt: skip
        print(f"{printable(args.page)} is written.", file=sys.stderr)
    if args.json:
        which = _which(scores, truth, names, labels)
        print(json.dumps(found.as_json() | {"photos": which}, indent=2))
    else:
        print(table(models, found))
    return 0


def table(models: Sequence[Classifier], found: Comparison) -> str:
    """What was found, for a person to read."""
    whole = found.whole
    lines = [
        f"{name}  {model.card.name} {model.card.version}, {model.precision}"
        for name, model in zip("AB", models, strict=True)
    ]
    rows = [
        ("", "A", "B"),
        ("right", str(whole.right_a), str(whole.right_b)),
        ("accuracy", *map(str, found.accuracy)),
        ("log loss", *map(str, found.log_loss)),
    ]
    lines += ["", *(f"{name:<10}  {a:>26}  {b:>26}" for name, a, b in rows)]
    lines += [f"accuracy of B minus that of A: {found.difference}", ""]
    counts = {**found.by_label, "all": whole}
    width = max(map(len, counts))
    head = ("photos", "both right", "only A", "only B", "both wrong")
    lines.append(f"{'label':<{width}}  " + "  ".join(f"{name:>10}" for name in head))
    for label, one in counts.items():
        values = (one.photos, one.both_right, one.only_a, one.only_b, one.both_wrong)
        lines.append(f"{label:<{width}}  " + "  ".join(f"{value:>10}" for value in values))
    return "\n".join([*lines, "", in_words(found)])


def _cards(a: Model, b: Model) -> list[ModelCard]:
    """The cards of both models, proven to be two, of the same labels."""
    if a.folder.resolve() == b.folder.resolve() and a.precision == b.precision:
        raise DataError(f"{printable(a.folder)} is given twice: two models are compared.")
    first, second = (read_card(model.folder) for model in (a, b))
    if sorted(first.labels) != sorted(second.labels):
        raise DataError(
            f"{first.name} tells {', '.join(first.labels)} apart, {second.name}"
            f" {', '.join(second.labels)}: only models of the same labels are compared."
        )
    return [first, second]


def _check_classes(cards: Sequence[ModelCard], classes: list[str]) -> None:
    """Both models know the class folders, and as the same labels."""
    a, b = ([card.labels[i] for i in label_of_class(card, classes)] for card in cards)
    for name, one, other in zip(classes, a, b, strict=True):
        if one != other:
            raise DataError(f"The photos of {name} are {one} to A and {other} to B.")


def _which(
    scores: tuple[NDArray[np.float32], NDArray[np.float32]],
    truth: NDArray[np.int64],
    names: Sequence[str],
    labels: Sequence[str],
) -> list[dict[str, Any]]:
    """The photos on which the models differ."""
    return [
        {
            "photo": portable(names[i]),
            "label": labels[truth[i]],
            **{
                name: dict(zip(labels, map(float, rows[i]), strict=True))
                for name, rows in zip("AB", scores, strict=True)
            },
        }
        for which in differing(*scores, truth).values()
        for i in which
    ]


def _model(text: str) -> Model:
    """`models/pets:int8` -> its 8-bit file; a colon of the folder's own is left alone."""
    folder, _, precision = text.rpartition(":")
    for name in FILES:
        if folder and precision == name:
            return Model(Path(folder), name)
    return Model(Path(text), "float32")
