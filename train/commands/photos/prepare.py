"""From what people really download to train/ and validation/ class folders.

    python -m train prepare train.zip DATA                     Kaggle: cat.0.jpg, dog.0.jpg …
    python -m train prepare kagglecatsanddogs_5340.zip DATA    Microsoft: PetImages/Cat/0.jpg …
    python -m train prepare my_photos DATA --validation 0.2    a folder of class folders
    python -m train prepare train.zip DATA --by-index 1000 400

The folder right below the source is the class; folders named after splits (train, valid, test_set
…) keep the split that they make. Photos are copied, never moved, and nothing is overwritten. A
photo and its near-duplicates stay on one side. What is left out is listed, with the reason.
"""

import argparse
import shutil
import sys
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from common.atomic import can_be_made
from common.errors import DataError, ImageError
from common.file_names import portable, printable
from common.images import decode
from common.photo_files import PassedOver, Reason, told
from train import arguments
from train.photos import splits
from train.photos.duplicates import SIDE, groups, pairs, signature
from train.photos.layout import Place, places, validation_names
from train.photos.sources import UNREADABLE, Source, SourceFile, open_source

PARTS = ("train", "validation")
SHARE = 0.2


@dataclass(frozen=True)
class Item:
    """One photo of the source, and where it belongs."""

    file: SourceFile
    place: Place

    @property
    def name(self) -> str:
        """What it is called in the class folder."""
        return self.file.parts[-1]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("source", type=Path, help="a zip file or a folder")
    where = arguments.data_path()
    add(
        "data",
        type=Path,
        nargs="?",
        default=where,
        metavar="DATA",
        help="the folder to write train/ and validation/ in (default: $DATA_PATH)",
    )
    add(
        "--validation",
        type=arguments.share,
        metavar="SHARE",
        help=f"share of the photos to validate with (default: {SHARE}, or the split that the"
        " source has)",
    )
    add(
        "--by-index",
        type=arguments.positive,
        nargs=2,
        metavar=("TRAIN", "VALIDATION"),
        help="of each class, the photos numbered 0 to TRAIN-1 to train and the next VALIDATION"
        " to validate with, as the tutorials do",
    )
    add("--seed", type=arguments.whole, default=0, help="of the split (default: 0)")


def run(args: argparse.Namespace) -> int:
    if args.data is None:
        raise DataError("Where to? Name a folder, or set DATA_PATH.")
    for part in PARTS:
        if (args.data / part).exists():
            raise DataError(f"{args.data / part} is there already, and nothing is overwritten.")
    if not can_be_made(args.data / "train"):
        raise DataError(f"{printable(args.data)} cannot be written.")
    with open_source(args.source) as source:
        items = _items(source)
        try:
            return _prepare(args, items, source)
        finally:
            for line in told(source.passed_over):
                print(line, file=sys.stderr)


def _prepare(args: argparse.Namespace, items: list[Item], source: Source) -> int:
    found = Counter(item.place.label for item in items)
    _check_labels(args.source, found)
    good, signatures, bad = [], [], []
    for item in tqdm(items, "Reading", unit="photo", leave=False):
        try:
            pixels = decode(item.file.read(), (SIDE, SIDE))
        except (ImageError, *UNREADABLE) as error:
            bad.append(f"{printable(item.file.path)}: {error}")
            continue
        good.append(item)
        signatures.append(signature(pixels))
    for line in bad:
        print(f"left out: {line}", file=sys.stderr)
    if not good:
        raise DataError(f"None of the {len(items)} files of {args.source} can be read as a photo.")
    alike = pairs(np.array(signatures))
    group = groups(len(good), alike)
    there = [item.place for item in good]

    kept = args.validation is None and not args.by_index and splits.has_split(there)
    if kept:
        sides: splits.Sides = [place.side for place in there]
    elif args.by_index:
        sides = splits.by_index(there, [item.file.path for item in good], *args.by_index)
        others = [item.file.path for item, side in zip(good, sides, strict=True) if side is None]
        source.passed_over += [PassedOver(path, Reason.OTHER_NUMBER) for path in others]
    else:
        sides = splits.by_share(there, group, args.validation or SHARE, args.seed)
    sides, repeats = splits.without_repeats(sides, alike)
    source.passed_over += [PassedOver(good[i].file.path, Reason.REPEATS) for i in repeats]
    splits.check(there, sides, group, found)
    _write(good, sides, sorted(found), args.data)
    _tell(good, sides, group, args.data, kept)
    return 0


def _items(source: Source) -> list[Item]:
    """The photos of a source that have a class; the others are added to what is passed over."""
    where = places(file.parts for file in source.files)
    items = []
    for file in source.files:
        place = where[file.parts]
        if place is None:
            source.passed_over.append(PassedOver(file.path, Reason.NO_CLASS))
        else:
            # macOS writes an accent as a character of its own; as a label it is the same word.
            label = portable(unicodedata.normalize("NFC", place.label))
            items.append(Item(file, replace(place, label=label)))
    return items


def _check_labels(source: Path, found: Counter[str]) -> None:
    if len(found) < 2:
        only = f"only {printable(*found)}" if found else "none"
        raise DataError(f"{printable(source)} needs photos of at least two classes: {only}.")
    folded: dict[str, str] = {}
    for label in sorted(found):
        twin = folded.setdefault(label.strip().casefold(), label)
        if twin != label:
            raise DataError(
                f"{printable(twin)} and {printable(label)} are one folder on many systems;"
                " rename or merge them."
            )


def _write(items: list[Item], sides: splits.Sides, labels: list[str], data: Path) -> None:
    """Copy, class by class, into hidden folders that are renamed when all is there."""
    parts = {part: data / f".{part}.new" for part in PARTS}
    try:
        for half in parts.values():
            shutil.rmtree(half, ignore_errors=True)
            for label in labels:
                (half / label).mkdir(parents=True)
        copying = tqdm(list(zip(items, sides, strict=True)), "Copying", unit="photo", leave=False)
        for item, side in copying:
            if side:
                free = _free(parts[side] / item.place.label / item.name)
                free.write_bytes(item.file.read())
        for part, half in parts.items():
            half.rename(data / part)
    except OSError as error:
        raise DataError(f"{data} could not be written: {error.strerror or error}.") from error
    finally:
        for half in parts.values():
            shutil.rmtree(half, ignore_errors=True)


def _free(path: Path) -> Path:
    """The same name or, if it is taken, one with a number: folders may repeat names."""
    number = 1
    free = path
    while free.exists():
        free = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return free


def _tell(items: list[Item], sides: splits.Sides, group: list[int], data: Path, kept: bool) -> None:
    for part in PARTS:
        counts = Counter(
            item.place.label for item, side in zip(items, sides, strict=True) if side == part
        )
        each = ", ".join(f"{n} {printable(label)}" for label, n in sorted(counts.items()))
        print(f"{data / part}: {each}")
    if kept:
        print("the split is the source's own; --validation SHARE makes another")
        together = validation_names(item.file.parts for item in items)
        if len(together) > 1:
            print(f"validation holds what the source calls {printable(' and '.join(together))}")
    repeats = len(group) - len(set(group))
    if repeats:
        print(f"{repeats} near-duplicates, each kept on the side of the photo that it repeats")
