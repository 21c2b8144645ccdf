"""From what people really download to train/ and validation/ class folders.

    python -m train prepare train.zip DATA                     Kaggle: cat.0.jpg, dog.0.jpg …
    python -m train prepare kagglecatsanddogs_5340.zip DATA    Microsoft: PetImages/Cat/0.jpg …
    python -m train prepare my_photos DATA --validation 0.2    a folder of class folders
    python -m train prepare train.zip DATA --by-index 1000 400

Photos are copied, never moved, and nothing is overwritten. A photo and its near-duplicates stay
on one side. Files that cannot be read are listed and left out.
"""

import argparse
import re
import shutil
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from tqdm import tqdm

from common.errors import DataError, ImageError
from common.images import decode
from train import arguments
from train.duplicates import groups, signature

MAX_FILE = 64 << 20
"""Bytes; a larger member of an archive is no photo but an attempt to fill the disk."""
_NUMBERED = re.compile(r"^(?P<label>[A-Za-z][\w-]*?)[._-](?P<index>\d+)\.\w+$")


@dataclass(frozen=True)
class Item:
    """One file of the source."""

    label: str
    name: str
    """What it is called in the class folder."""
    index: int | None
    """Its number, where the name is one: cat.17.jpg, 17.jpg."""
    read: Callable[[], bytes]


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
        default=0.2,
        metavar="SHARE",
        help="share of the photos to validate with (default: 0.2)",
    )
    add(
        "--by-index",
        type=int,
        nargs=2,
        metavar=("TRAIN", "VALIDATION"),
        help="of each class, the photos numbered 0 to TRAIN-1 to train and the next VALIDATION"
        " to validate with, as the tutorials do",
    )
    add("--seed", type=int, default=0, help="of the split (default: 0)")


def run(args: argparse.Namespace) -> int:
    if args.data is None:
        raise DataError("Where to? Name a folder, or set DATA_PATH.")
    for part in ("train", "validation"):
        if (args.data / part).exists():
            raise DataError(f"{args.data / part} is there already, and nothing is overwritten.")
    items = list(_items(args.source))
    labels = sorted({item.label for item in items})
    if len(labels) < 2:
        found = f"only {labels[0]}" if labels else "none"
        raise DataError(f"{args.source} needs photos of at least two classes: {found}.")

    good, signatures, bad = [], [], []
    for item in tqdm(items, "Reading", unit="photo", leave=False):
        try:
            pixels = decode(item.read(), (32, 32))
        except (ImageError, OSError, zipfile.BadZipFile, RuntimeError) as error:
            bad.append(f"{item.label}/{item.name}: {error}")
            continue
        good.append(item)
        signatures.append(signature(pixels))
    if not good:
        raise DataError(f"None of the {len(items)} files of {args.source} can be read as a photo.")
    group = groups(np.array(signatures))

    if args.by_index:
        sides = _by_index(good, group, *args.by_index)
    else:
        sides = _by_share(good, group, args.validation, args.seed)
    _write(good, sides, labels, args.data)
    _tell(good, sides, group, bad, args.data)
    return 0


def _items(source: Path) -> Iterator[Item]:
    """The files of a source that have a class, in a fixed order."""
    if source.is_dir():
        for path in sorted(p for p in source.rglob("*") if p.is_file()):
            yield from _item(PurePosixPath(path.relative_to(source).as_posix()), path.read_bytes)
        return
    if not source.is_file():
        raise DataError(f"There is no {source}.")
    try:
        archive = zipfile.ZipFile(source)
    except zipfile.BadZipFile as error:
        raise DataError(f"{source} is no zip file and no folder.") from error
    for info in sorted(archive.infolist(), key=lambda info: info.filename):
        if info.is_dir():
            continue
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if info.file_size > MAX_FILE or path.is_absolute() or ".." in path.parts:
            print(f"left out: {info.filename}: no photo has such a name or size", file=sys.stderr)
            continue
        yield from _item(path, lambda info=info: archive.read(info))


def _item(path: PurePosixPath, read: Callable[[], bytes]) -> Iterator[Item]:
    """A file's class: from its own name (cat.0.jpg), else from the folder it lies in.

    Only the last part of a path and a checked label are used, so no name can climb out.
    """
    if path.name.startswith(".") or path.suffix.lower() in _NO_PHOTO or "__MACOSX" in path.parts:
        return
    numbered = _NUMBERED.match(path.name)
    if numbered and path.parent.name.lower() in _CONTAINERS:
        yield Item(numbered["label"], path.name, int(numbered["index"]), read)
    elif path.parent.name.lower() not in _CONTAINERS:
        digits = re.search(r"(\d+)\.\w+$", path.name)
        yield Item(path.parent.name, path.name, int(digits[1]) if digits else None, read)


# Folders that hold photos of every class side by side.
_CONTAINERS = {"", "train", "test", "test1", "images", "photos", "data"}
_NO_PHOTO = {".txt", ".md", ".csv", ".json", ".xml", ".docx", ".pdf", ".db", ".ini", ".html"}


def _by_share(items: list[Item], group: list[int], share: float, seed: int) -> list[str | None]:
    """A share of each class to the validation side, whole groups of duplicates at a time."""
    random = np.random.default_rng(seed)
    members = defaultdict(list)
    for i, number in enumerate(group):
        members[number].append(i)
    wanted = {
        label: max(1, round(share * count))
        for label, count in Counter(item.label for item in items).items()
    }
    sides: list[str | None] = ["train"] * len(items)
    numbers = sorted(members)
    for which in random.permutation(len(numbers)):
        own = members[numbers[which]]
        if wanted[items[own[0]].label] >= len(own):
            for i in own:
                sides[i] = "validation"
                wanted[items[i].label] -= 1
    return sides


def _by_index(items: list[Item], group: list[int], train: int, validation: int) -> list[str | None]:
    """By number; a duplicate on the validation side of a photo to train on is left out."""
    sides: list[str | None] = []
    for item in items:
        if item.index is None:
            raise DataError(f"{item.label}/{item.name} has no number to go by (--by-index).")
        place = item.index
        sides.append(
            "train" if place < train else "validation" if place < train + validation else None
        )
    seen = {group[i] for i, side in enumerate(sides) if side == "train"}
    return [
        None if side == "validation" and group[i] in seen else side for i, side in enumerate(sides)
    ]


def _write(items: list[Item], sides: list[str | None], labels: list[str], data: Path) -> None:
    """Copy, class by class, into hidden folders that are renamed when all is there."""
    parts = {part: data / f".{part}.new" for part in ("train", "validation")}
    try:
        for half in parts.values():
            shutil.rmtree(half, ignore_errors=True)
            for label in labels:
                (half / label).mkdir(parents=True)
        for item, side in tqdm(
            list(zip(items, sides, strict=True)), "Copying", unit="photo", leave=False
        ):
            if side:
                _free(parts[side] / item.label / item.name).write_bytes(item.read())
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


def _tell(
    items: list[Item], sides: list[str | None], group: list[int], bad: list[str], data: Path
) -> None:
    for part in ("train", "validation"):
        counts = Counter(
            item.label for item, side in zip(items, sides, strict=True) if side == part
        )
        print(f"{data / part}: " + ", ".join(f"{n} {label}" for label, n in sorted(counts.items())))
    repeats = len(group) - len(set(group))
    if repeats:
        print(f"{repeats} near-duplicates, each kept on the side of the photo that it repeats")
    for line in bad:
        print(f"left out: {line}", file=sys.stderr)
