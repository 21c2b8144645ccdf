"""What there is to know about class folders before training: damage, duplicates, sizes."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from tqdm.auto import tqdm

from common.cpus import usable_cpus
from common.errors import DataError, ImageError
from common.file_names import portable, printable
from common.images import Picture, load_image
from common.photo_files import PassedOver, Reason, find_photos, told
from train.photos.balance import UNEVEN, is_uneven
from train.photos.duplicates import SIDE, groups, pairs, signature
from train.photos.layout import places

ACROSS, CELL, LINE = 12, SIDE, 16
"""Photos in a row of a contact sheet; the side of each and the height of a line, in pixels."""
ROWS = 200
"""Of one contact sheet; JPEG ends at 65,535 pixels, and a screen much earlier."""


@dataclass(frozen=True)
class Look:
    """One file: where it lies and what it is, or why it cannot be read."""

    part: str
    """`train` or `validation`, or `photos` where there is no split."""
    label: str
    path: Path
    name: str
    """Its path below the data, as text."""
    picture: Picture | None
    reason: str = ""


def look(data: Path) -> tuple[list[Look], list[PassedOver]]:
    """Read every photo of DATA/train and DATA/validation, or of any folder of class folders.

    Returns:
        the photos, and what was passed over.

    Raises:
        DataError: no such folder, or photos of fewer than two classes.
    """
    if not data.is_dir():
        raise DataError(f"There is no folder {printable(data)}.")
    found = find_photos(data)
    where = places(path.relative_to(data).parts for path in found.photos)
    files, passed_over = [], found.passed_over
    for path in found.photos:
        place, name = where[path.relative_to(data).parts], portable(path.relative_to(data))
        if place is None:
            passed_over.append(PassedOver(name, Reason.NO_CLASS))
        else:
            files.append((place.side or "photos", portable(place.label), path, name))
    labels = sorted({label for _, label, *_ in files})
    if len(labels) < 2:
        lines = [printable(line) for line in told(passed_over)]
        only = f"only {printable(*labels)}" if labels else "none"
        raise DataError(
            "; ".join([f"{printable(data)} needs photos of at least two classes: {only}", *lines])
        )
    with ThreadPoolExecutor(usable_cpus()) as pool:
        looks = pool.map(lambda file: _look(*file), files)
        bar = tqdm(looks, "Inspecting", len(files), unit="photo", leave=False)
        return sorted(bar, key=lambda one: (one.part, one.label)), passed_over


def findings(looks: list[Look], passed_over: list[PassedOver]) -> dict[str, Any]:
    """What there is to know about a data set, as plain values."""
    good = [look for look in looks if look.picture]
    pictures = [look.picture for look in good if look.picture]
    alike = pairs(np.array([signature(picture.pixels) for picture in pictures]))
    numbers = groups(len(good), alike)
    same = defaultdict(list)
    for one, number in zip(good, numbers, strict=True):
        same[number].append(one)
    repeated = [group for group in same.values() if len(group) > 1]
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in good:
        counts[one.part][one.label] += 1
    sides = np.array([(p.width, p.height) for p in pictures]).reshape(-1, 2)
    uneven = [part for part, labels in counts.items() if is_uneven(list(labels.values()))]
    return {
        "uneven": sorted(uneven),
        "counts": {part: dict(sorted(labels.items())) for part, labels in counts.items()},
        "formats": dict(Counter(picture.format for picture in pictures).most_common()),
        "width": _spread(sides[:, 0]),
        "height": _spread(sides[:, 1]),
        "passed_over": {
            reason: [portable(one.path) for one in sorted(passed_over) if one.reason == reason]
            for reason in sorted({one.reason.value for one in passed_over})
        },
        "unreadable": {one.name: one.reason for one in looks if not one.picture},
        "duplicates": [[one.name for one in group] for group in repeated],
        "across_the_split": [
            [one.name for one in group]
            for group in repeated
            if len({one.part for one in group}) > 1
        ],
        "across_classes": [
            [one.name for one in group]
            for group in repeated
            if len({one.label for one in group}) > 1
        ],
    }


def text(found: dict[str, Any]) -> str:
    """The findings for a person to read."""
    lines = [
        f"{part:<11} {sum(labels.values()):6d} photos: "
        + ", ".join(f"{count} {printable(label)}" for label, count in labels.items())
        for part, labels in found["counts"].items()
    ]
    lines += [
        f"{part}: a class has over {UNEVEN} times the photos of another. Recipes let photos of"
        " small classes count for more (--class-weights); more photos of them help more."
        for part in found["uneven"]
    ]
    lines.append("formats     " + ", ".join(f"{n} {name}" for name, n in found["formats"].items()))
    for side in ("width", "height"):
        if found[side]:
            low, middle, high = found[side]
            lines.append(f"{side:<11} {low} to {high} pixels, half of them at most {middle}")
    lines += [
        f"passed over: {len(names)} ({reason}): {_some(names)}"
        for reason, names in found["passed_over"].items()
    ]
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


def contact_sheets(looks: list[Look]) -> Iterator[Image.Image]:
    """Some photos of every class with their names, one row each; ROWS rows on a sheet."""
    rows = defaultdict(list)
    for one in looks:
        if one.picture:
            rows[one.part, one.label].append(one)
    every = list(rows.items())
    for first in range(0, len(every), ROWS):
        yield _sheet(every[first : first + ROWS])


def _sheet(rows: list[tuple[tuple[str, str], list[Look]]]) -> Image.Image:
    sheet = Image.new("RGB", (ACROSS * CELL, len(rows) * (CELL + 2 * LINE)), "white")
    pen = ImageDraw.Draw(sheet)
    for row, ((part, label), own) in enumerate(rows):
        top = row * (CELL + 2 * LINE)
        pen.text((4, top + 3), printable(f"{part}/{label}"), fill="black")
        for column, i in enumerate(_spread_over(len(own), ACROSS)):
            picture, left = own[i].picture, column * CELL
            assert picture is not None, "rows hold what could be read"
            sheet.paste(Image.fromarray(picture.pixels), (left, top + LINE))
            name = printable(own[i].path.name)
            while pen.textlength(name) > CELL - 4:
                name = name[: len(name) - 2].removesuffix("…") + "…"
            pen.text((left + 2, top + LINE + CELL + 2), name, fill="dimgrey")
    return sheet


def _look(part: str, label: str, path: Path, name: str) -> Look:
    try:
        return Look(part, label, path, name, load_image(path.read_bytes(), (CELL, CELL)))
    except (ImageError, OSError) as error:
        return Look(part, label, path, name, None, str(error))


def _spread(values: NDArray[np.int64]) -> list[int]:
    """Smallest, median, largest."""
    return [int(f(values)) for f in (np.min, np.median, np.max)] if len(values) else []


def _spread_over(there: int, wanted: int) -> list[int]:
    return sorted({int(i) for i in np.linspace(0, there - 1, min(there, wanted))})


def _list(title: str, entries: list[str], most: int = 10) -> Iterator[str]:
    yield f"{title}: {len(entries) or 'none'}"
    yield from (f"    {printable(entry)}" for entry in entries[:most])
    if len(entries) > most:
        yield f"    … and {len(entries) - most} more (--json lists all)"


def _some(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(printable, names[:most])) + more
