"""Class folders: which photos there are, which hold still for choices, and how they reach Keras."""

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from common.cpus import usable_cpus
from common.errors import DataError, ImageError
from common.file_names import portable, printable
from common.images import decode
from common.model.card import DataFingerprint
from common.photo_files import find_photos, subfolders, told

T = TypeVar("T")

MIN_PHOTOS = 4
"""Of each class, to train on: fewer leave nothing for the validation share."""
KEEP_BYTES = 1 << 30
"""Decoded photos are kept in memory up to this size, so that later epochs need not decode."""


@dataclass(frozen=True)
class Photos:
    """The readable photos of some class folders, in a fixed order."""

    classes: tuple[str, ...]
    """Names of the class folders, sorted."""
    paths: tuple[Path, ...]
    truth: NDArray[np.int64]
    """(photos,) index of each photo's class."""
    digests: tuple[str, ...]
    """Hex SHA-256 of each file."""
    unreadable: tuple[tuple[Path, str], ...] = ()
    """What was left out, and why."""

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def counts(self) -> dict[str, int]:
        """class -> photos"""
        return {name: int((self.truth == i).sum()) for i, name in enumerate(self.classes)}

    def select(self, where: NDArray[Any]) -> Self:
        """The photos at some indices, or where a mask is true."""
        indices = np.arange(len(self))[where]
        return type(self)(
            self.classes,
            tuple(self.paths[i] for i in indices),
            self.truth[indices],
            tuple(self.digests[i] for i in indices),
        )

    def split(self, share: float) -> tuple[Self, Self]:
        """Put a share aside, by the hash of each file's content.

        The same photo always lands on the same side, whatever it is called and whichever other
        photos there are. Every class has at least one photo on either side.

        Args:
            share: 0..1, of the photos to put aside.

        Returns:
            the rest, and what was put aside.
        """
        place = np.array([int(digest[:8], 16) / 2**32 for digest in self.digests])
        aside = place < share
        for i in range(len(self.classes)):
            own = np.flatnonzero(self.truth == i)
            if not aside[own].any():
                aside[own[place[own].argmin()]] = True
            if aside[own].all():
                aside[own[place[own].argmax()]] = False
        return self.select(~aside), self.select(aside)

    def without(self, others: Self) -> Self:
        """These photos, but for those that are among `others`, too: by content, not by name."""
        there = set(others.digests)
        return self.select(np.array([digest not in there for digest in self.digests]))

    def fingerprint(self, labels: Sequence[str]) -> DataFingerprint:
        """What the model card says of these photos."""
        names = sorted(
            f"{self.classes[kind]}/{portable(path.name)} {digest}"
            for kind, path, digest in zip(self.truth, self.paths, self.digests, strict=True)
        )
        return DataFingerprint(
            counts=dict(zip(labels, self.counts.values(), strict=True)),
            sha256=hashlib.sha256("\n".join(names).encode()).hexdigest(),
        )


def subset(photos: Photos, share: float) -> Photos:
    """A share of some photos, by the hash of each file; all of them where it is 1."""
    return photos if share == 1 else photos.split(share)[1]


def concat(parts: Sequence[Photos]) -> Photos:
    """Photos of several folders together.

    Raises:
        DataError: they have not the same classes.
    """
    for other in parts[1:]:
        if other.classes != parts[0].classes:
            raise DataError(
                f"The classes {', '.join(other.classes)} are not {', '.join(parts[0].classes)}."
            )
    return Photos(
        parts[0].classes,
        tuple(path for photos in parts for path in photos.paths),
        np.concatenate([photos.truth for photos in parts]),
        tuple(digest for photos in parts for digest in photos.digests),
    )


def class_folders(folder: Path) -> dict[str, Path]:
    """The class folders in `folder` by name, sorted; links to folders are some, hidden ones not.

    Raises:
        DataError: no such folder, or fewer than two class folders in it.
    """
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}; `python -m train prepare` makes one.")
    found = {portable(path.name): path for path in subfolders(folder)}
    if len(found) < 2:
        only = f"only {printable(*found)}" if found else "none"
        raise DataError(f"{folder} needs at least two class folders, one for each label: {only}.")
    return found


def scan(*folders: Path, least: int = 1) -> Photos:
    """Look through folders of class folders: hash every photo and prove that it decodes.

    A file that cannot be read is named on stderr and left out.

    Args:
        folders: the first decides the classes; the others must have the same.
        least: how many photos each class must have.

    Raises:
        DataError: no or one class, classes that differ, too few photos.
    """
    classes = tuple(class_folders(folders[0]))
    found = []
    for folder in folders:
        own = class_folders(folder)
        if list(own) != list(classes):
            raise DataError(
                f"The classes of {folder} ({', '.join(own)}) are not those"
                f" of {folders[0]} ({', '.join(classes)})."
            )
        found += [(kind, find_photos(own[name])) for kind, name in enumerate(classes)]
    for line in told(one for _, below in found for one in below.passed_over):
        print(line, file=sys.stderr)
    files = [(path, kind) for kind, below in found for path in below.photos]
    photos = readable(classes, files, folders[0])
    for name, count in photos.counts.items():
        if count < least:
            raise DataError(
                f"{folders[0] / name} has {count} readable photos; at least {least} are needed."
            )
    return photos


def readable(classes: tuple[str, ...], files: Sequence[tuple[Path, int]], where: Path) -> Photos:
    """The files that decode, hashed. The others are named on stderr.

    Args:
        files: each with the index of its class.
        where: what the progress bar says is looked through.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        looks = pool.map(_look, [path for path, _ in files])
        seen = list(tqdm(looks, f"Checking {where}", len(files), unit="photo", leave=False))
    good = [i for i, (_, reason) in enumerate(seen) if reason is None]
    bad = tuple((files[i][0], why) for i, (_, why) in enumerate(seen) if why is not None)
    photos = Photos(
        classes,
        tuple(files[i][0] for i in good),
        np.array([files[i][1] for i in good], dtype=np.int64),
        tuple(seen[i][0] for i in good),
        bad,
    )
    for path, reason in bad[:10]:
        print(f"left out: {printable(path)}: {reason}", file=sys.stderr)
    if len(bad) > 10:
        print(f"left out: {len(bad) - 10} more files", file=sys.stderr)
    return photos


def _look(path: Path) -> tuple[str, str | None]:
    """SHA-256 of a file, and the reason why it is no usable photo, if so."""
    try:
        data = path.read_bytes()
        decode(data, (32, 32))
    except (ImageError, OSError) as error:
        return "", str(error)
    return hashlib.sha256(data).hexdigest(), None


def parallel_batches(
    work: Callable[[NDArray[np.int64]], T], count: int, batch: int, what: str
) -> Iterator[tuple[NDArray[np.int64], T]]:
    """Do some work on all indices below `count`, a batch on each CPU at a time, with a bar.

    Yields:
        the indices of each batch, in order, and what came of it.
    """
    batches = np.array_split(np.arange(count), -(-count // batch))
    pool = ThreadPoolExecutor(usable_cpus())
    try:
        found = tqdm(pool.map(work, batches), what, len(batches), unit="batch", leave=False)
        yield from zip(batches, found, strict=True)
    finally:
        pool.shutdown(cancel_futures=True)


class Pixels:
    """Photos by index, decoded as the service decodes them: uint8 (batch, height, width, 3).

    Args:
        photos: what to read.
        size: (height, width) to decode to.
        keep: whether they are asked for again, in a later epoch, and memory should hold them.
    """

    def __init__(self, photos: Photos, size: tuple[int, int], *, keep: bool = True) -> None:
        self.photos = photos
        self.size = size
        keep = keep and len(photos) * size[0] * size[1] * 3 <= KEEP_BYTES
        self._kept = np.empty((len(photos), *size, 3), np.uint8) if keep else None
        self._there = np.zeros(len(photos), dtype=bool)

    def __call__(self, which: NDArray[np.int64]) -> NDArray[np.uint8]:
        return np.stack([self._one(i) for i in which])

    def _one(self, i: int) -> NDArray[np.uint8]:
        if self._kept is not None and self._there[i]:
            return self._kept[i]
        pixels = decode(self.photos.paths[i].read_bytes(), self.size)
        if self._kept is not None:
            self._kept[i] = pixels
            self._there[i] = True
        return pixels
