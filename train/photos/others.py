"""Photos that show none of the labels: what a model learns to call *neither*.

Their folders have no classes. Photos of one kind, say `toaster_01.jpg` and `toaster_02.jpg`, stay
together when some are put aside, so that what is measured are kinds that were never learned.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from common.errors import DataError
from common.file_names import printable
from common.photo_files import find_photos
from train.photos.dataset import Photos, concat, readable
from train.photos.run_photos import RunPhotos

OTHER = "other"
"""The folder of DATA that holds them, where there is one."""
LARGE = 4
"""Times the average from which on a kind is divided photo by photo, for it would tip the scale."""
LEAST = 20
"""Photos; fewer teach nothing about everything else in the world."""


def read_others(folders: Sequence[tuple[Path, float]]) -> Photos | None:
    """The readable photos below some folders, of each the share that is asked for; None for none.

    Args:
        folders: with the share of each, 0..1, that is taken, by kind.

    Raises:
        DataError: no such folder, or too few photos.
    """
    parts = []
    for folder, share in folders:
        if not folder.is_dir():
            raise DataError(f"There is no folder {folder}.")
        photos = readable((OTHER,), [(path, 0) for path in find_photos(folder).photos], folder)
        parts.append(photos if share == 1 else split_by_kind(photos, share)[1])
    if not parts:
        return None
    found = concat(parts)
    if len(found) < LEAST:
        raise DataError(
            f"{', '.join(str(folder) for folder, _ in folders)}: {len(found)} photos of other"
            f" things; at least {LEAST} are needed."
        )
    return found


def at_hand(data: Path) -> Photos | None:
    """The photos of DATA/other; None where there are none."""
    folder = data / OTHER
    files = [(path, 0) for path in find_photos(folder).photos] if folder.is_dir() else []
    photos = readable((OTHER,), files, folder) if files else None
    return photos or None


def split_by_kind(photos: Photos, share: float) -> tuple[Photos, Photos]:
    """Put a share of the kinds aside.

    Args:
        share: 0..1.

    Returns:
        the rest, and what was put aside.
    """
    kinds = [kind(path) for path in photos.paths]
    counts = Counter(kinds)
    average = len(photos) / len(counts)
    large = {name for name, count in counts.items() if count > LARGE * average}
    keys = [
        digest if name in large else hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
        for name, digest in zip(kinds, photos.digests, strict=True)
    ]
    aside = np.array([int(key[:8], 16) / 2**32 for key in keys]) < share
    return photos.select(~aside), photos.select(aside)


def kind(path: Path) -> str:
    """What a photo is of, by its name: without the number at its end; else by its folder."""
    return re.sub(r"[\W_]*\d+$", "", path.stem).lower() or path.parent.name.lower()


def refuse_labels(others: Photos | None, photos: RunPhotos) -> None:
    """Other things that are among the labels' photos would teach the opposite of what is meant.

    Raises:
        DataError: there are some; by content, not by name.
    """
    own = {*photos.train.digests, *photos.validation.digests, *photos.test.digests}
    if others is None:
        return
    both = [
        path for path, digest in zip(others.paths, others.digests, strict=True) if digest in own
    ]
    if both:
        raise DataError(
            f"{len(both)} photos of other things are photos of the labels, too, for example"
            f" {printable(both[0])}."
        )
