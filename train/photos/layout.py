"""Which class a photo of a download belongs to, and on which side of a split it was put already.

The first level of folders that tells photos apart is the class, however deep the photos lie below
it. Folders around all of that are looked through: one that holds everything (`PetImages/`),
splits (`train/`, `valid/`, `test_set/`) and containers (`images/`); the latter two only where they
hold class folders or files that carry their class in their name (`cat.0.jpg`), so that there may
be a class called `train`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Side = Literal["train", "validation"]
Parts = tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """Where a photo belongs."""

    label: str
    side: Side | None
    """Where the source put it; None where it has no split."""
    index: int | None
    """The number in its name: 17 of cat.17.jpg, 17.jpg and IMG_0017.jpg."""


def places(paths: Iterable[Parts]) -> dict[Parts, Place | None]:
    """Where each photo belongs, by its path; None for a photo of no class.

    Args:
        paths: of photos, below the source, as parts; the last one is the file's name.
    """
    found: dict[Parts, Place | None] = {}
    _resolve([(path, path) for path in paths], None, found)
    return found


def _resolve(
    entries: Sequence[tuple[Parts, Parts]], side: Side | None, found: dict[Parts, Place | None]
) -> None:
    """Place photos; each entry is what is left of a path, and the whole of it."""
    files = [entry for entry in entries if len(entry[0]) == 1]
    folders: dict[str, list[tuple[Parts, Parts]]] = defaultdict(list)
    for rest, path in entries:
        if len(rest) > 1:
            folders[rest[0]].append((rest[1:], path))

    if not folders:
        _by_name(files, side, found)
    elif all(_split_of(name) and not _holds_classes(inside) for name, inside in folders.items()):
        _by_name(entries, side, found)  # splits, but of what?
    elif _are_around(folders):
        found.update((path, None) for _, path in files)
        for name, inside in folders.items():
            around = _split_of(name) or _is_container(name) or len(folders) == 1
            if around and _holds_classes(inside):
                _resolve(inside, _split_of(name) or side, found)
            else:
                found.update((path, None) for _, path in inside)
    else:
        found.update((path, None) for _, path in files)
        for label, inside in folders.items():
            for rest, path in inside:
                own = side or (_split_of(rest[0]) if _are_split_alike(folders) else None)
                found[path] = Place(label, own, _number(path[-1]))


def _are_around(folders: Mapping[str, Sequence[tuple[Parts, Parts]]]) -> bool:
    """Whether folders are not classes, but splits and containers around them."""
    holding = {name for name, inside in folders.items() if _holds_classes(inside)}
    if len(folders) == 1:
        (inside,) = folders.values()
        names = {rest[0] for rest, _ in inside if len(rest) > 1}
        return bool(holding) and not (names and all(map(_DATE.fullmatch, names)))
    around = {name for name in holding if _split_of(name) or _is_container(name)}
    others = {
        name
        for name in folders
        if not (_split_of(name) or _is_container(name) or _SIDECAR.fullmatch(name))
    }
    if around and not others:
        return True
    # Two splits with the same class folders are splits, whatever lies beside them.
    classes = [
        {rest[0] for rest, _ in folders[name] if len(rest) > 1}
        for name in around
        if _split_of(name)
    ]
    return len(classes) > 1 and bool(set.intersection(*classes))


def _holds_classes(inside: Sequence[tuple[Parts, Parts]]) -> bool:
    """Whether there are class folders in a folder, or files that carry their class."""
    folders = {rest[0] for rest, _ in inside if len(rest) > 1}
    if len(folders) == 1 and not any(len(rest) == 1 for rest, _ in inside):
        return _holds_classes([(rest[1:], path) for rest, path in inside])
    names = {_labelled(rest[0]) for rest, _ in inside if len(rest) == 1} - {None}
    return len(folders) > 1 or len(names) > 1


def _by_name(
    files: Sequence[tuple[Parts, Parts]], side: Side | None, found: dict[Parts, Place | None]
) -> None:
    """Files side by side: their names say the class, as cat.0.jpg does."""
    for _, path in files:
        label = _labelled(path[-1])
        found[path] = Place(label, side, _number(path[-1])) if label else None


def _are_split_alike(folders: Mapping[str, Sequence[tuple[Parts, Parts]]]) -> bool:
    """Whether every class folder holds nothing but splits: cat/train/1.jpg, dog/test/2.jpg."""
    return all(
        len(rest) > 1 and _split_of(rest[0]) for inside in folders.values() for rest, _ in inside
    )


def validation_names(paths: Iterable[Parts]) -> list[str]:
    """The folders among some paths that hold photos to measure with, `test` and `valid`, say."""
    return sorted({name for path in paths for name in path[:-1] if _split_of(name) == "validation"})


def _split_of(folder: str) -> Side | None:
    match = _SPLIT.fullmatch(folder)
    if not match:
        return None
    return "train" if match["train"] else "validation"


def _is_container(folder: str) -> bool:
    return bool(_CONTAINER.fullmatch(folder))


def _labelled(name: str) -> str | None:
    match = _LABELLED.match(name)
    return match["label"] if match and not _CAMERA.fullmatch(match["label"]) else None


def _number(name: str) -> int | None:
    digits = re.search(r"(\d{1,15})\D*$", name.rpartition(".")[0] or name)
    return int(digits[1]) if digits else None


_SPLIT = re.compile(
    r"""(?:dataset|data|images?|photos?|pics|seg)? [\s._-]*
    (?: (?P<train> train(?:ing)?(?:[\s._-]?data)? | learn(?:ing)? )
      | val(?:id(?:ation)?)? | test(?:ing)? | dev(?:el(?:opment)?)? | eval(?:uation)? | hold[_-]?out
    )
    [\s._-]* (?: \d{0,4} | (?:data)?set | images? | photos? | data | split | folder | pics )""",
    re.IGNORECASE | re.VERBOSE,
)
_CONTAINER = re.compile(
    r"(?:all[\s._-]?)?(?:images?|imgs?|photos?|pictures?|pics|data|data[\s._-]?sets?|samples|jpegimages"
    r"|classes|categories|raw|input|files)",
    re.IGNORECASE,
)
# What comes beside images/: not photos of any class.
_SIDECAR = re.compile(
    r"annotations?|labels?|masks?|trimaps?|segmentations?|ground[\s._-]?truth|xmls?|single_prediction",
    re.IGNORECASE,
)
_LABELLED = re.compile(r"^(?P<label>[^\W\d_][\w-]*?)[\s._-]*\(?\d+\)?(?:\.\w+)?$")
# What cameras and programs call every photo.
_CAMERA = re.compile(
    r"_?(?:img|dsc[a-z]?|dscn|pxl|p|mvimg|image|photo|pic|picture|screenshot|scan|frame|download"
    r"|untitled|unnamed|wa|fb_img|received|snapchat|vlcsnap|cimg|sam|gopr|dji|hpim|dcp|mov|vid)"
    r"(?:[_-][\w-]*)?",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?:19|20)\d\d(?:[\s._-]?\d\d){0,2}")
