"""What there is to know about class folders before training: damage, duplicates, sizes."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from tqdm import tqdm

from common.errors import ImageError
from common.images import Picture, load_image
from train.data import class_folders, files_of
from train.duplicates import groups, signature

PARTS = ("train", "validation")
ACROSS, CELL = 12, 112


@dataclass(frozen=True)
class Look:
    """One file: where it lies and what it is, or why it cannot be read."""

    part: str
    label: str
    path: Path
    picture: Picture | None
    reason: str = ""


def look(data: Path) -> list[Look]:
    """Read every file of DATA/train and DATA/validation, or of the class folders in DATA."""
    parts = {part: data / part for part in PARTS if (data / part).is_dir()} or {"photos": data}
    files = [
        (part, label, path)
        for part, folder in parts.items()
        for label in class_folders(folder)
        for path in files_of(folder / label)
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        looks = pool.map(lambda file: _look(*file), files)
        return list(tqdm(looks, "Inspecting", len(files), unit="photo", leave=False))


def findings(looks: list[Look]) -> dict[str, Any]:
    """What there is to know about a data set, as plain values."""
    good = [look for look in looks if look.picture]
    pictures = [look.picture for look in good if look.picture]
    numbers = groups(np.array([signature(picture.pixels) for picture in pictures]))
    same = defaultdict(list)
    for one, number in zip(good, numbers, strict=True):
        same[number].append(one)
    repeated = [group for group in same.values() if len(group) > 1]
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in good:
        counts[one.part][one.label] += 1
    sides = np.array([(p.width, p.height) for p in pictures]).reshape(-1, 2)
    return {
        "counts": {part: dict(sorted(labels.items())) for part, labels in counts.items()},
        "formats": dict(Counter(picture.format for picture in pictures).most_common()),
        "width": _spread(sides[:, 0]),
        "height": _spread(sides[:, 1]),
        "unreadable": {_name(one): one.reason for one in looks if not one.picture},
        "duplicates": [[_name(one) for one in group] for group in repeated],
        "across_the_split": [
            [_name(one) for one in group]
            for group in repeated
            if len({one.part for one in group}) > 1
        ],
        "across_classes": [
            [_name(one) for one in group]
            for group in repeated
            if len({one.label for one in group}) > 1
        ],
    }


def text(found: dict[str, Any]) -> str:
    """The findings for a person to read."""
    lines = [
        f"{part:<11} {sum(labels.values()):6d} photos: "
        + ", ".join(f"{count} {label}" for label, count in labels.items())
        for part, labels in found["counts"].items()
    ]
    lines.append("formats     " + ", ".join(f"{n} {name}" for name, n in found["formats"].items()))
    for side in ("width", "height"):
        if found[side]:
            low, middle, high = found[side]
            lines.append(f"{side:<11} {low} to {high} pixels, half of them at most {middle}")
    lines += _list("unreadable", [f"{k}: {v}" for k, v in found["unreadable"].items()])
    lines += _list("near-duplicates", [" = ".join(group) for group in found["duplicates"]])
    lines += _list(
        "of these in train and validation: they flatter every figure",
        [" = ".join(group) for group in found["across_the_split"]],
    )
    lines += _list(
        "of these in two classes: one label is wrong",
        [" = ".join(group) for group in found["across_classes"]],
    )
    return "\n".join(lines)


def contact_sheet(looks: list[Look]) -> Image.Image:
    """Some photos of every class, one row each, spread over the folder."""
    rows = defaultdict(list)
    for one in looks:
        if one.picture:
            rows[one.part, one.label].append(one.picture.pixels)
    sheet = Image.new("RGB", (ACROSS * CELL, len(rows) * (CELL + 18)), "white")
    pen = ImageDraw.Draw(sheet)
    for row, ((part, label), pixels) in enumerate(rows.items()):
        top = row * (CELL + 18)
        pen.text((4, top + 3), f"{part}/{label}", fill="black")
        for column, i in enumerate(_spread_over(len(pixels), ACROSS)):
            sheet.paste(Image.fromarray(pixels[i]), (column * CELL, top + 18))
    return sheet


def _look(part: str, label: str, path: Path) -> Look:
    try:
        return Look(part, label, path, load_image(path.read_bytes(), (CELL, CELL)))
    except (ImageError, OSError) as error:
        return Look(part, label, path, None, str(error))


def _spread(values: NDArray[np.int64]) -> list[int]:
    """Smallest, median, largest."""
    return [int(f(values)) for f in (np.min, np.median, np.max)] if len(values) else []


def _spread_over(there: int, wanted: int) -> list[int]:
    return sorted({int(i) for i in np.linspace(0, there - 1, min(there, wanted))})


def _name(one: Look) -> str:
    return f"{one.part}/{one.label}/{one.path.name}"


def _list(title: str, entries: list[str], most: int = 10) -> Iterator[str]:
    yield f"{title}: {len(entries) or 'none'}"
    yield from (f"    {entry}" for entry in entries[:most])
    if len(entries) > most:
        yield f"    … and {len(entries) - most} more (--json lists all)"
