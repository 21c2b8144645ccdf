"""The photos a run learns from, those it makes its choices on, and those it reports on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from common.errors import DataError
from common.model.prediction import NEITHER, SEVERAL
from train.photos.dataset import MIN_PHOTOS, Photos, class_folders, concat, scan, subset


@dataclass(frozen=True)
class RunPhotos:
    """The photos of DATA and of further folders, each looked at once."""

    labels: tuple[str, ...]
    """What the classes are called, in their order."""
    train: Photos
    validation: Photos
    """Choices are made on these, and nothing is learned from them."""
    test: Photos
    """DATA/validation: reported on, touched by no choice."""

    @classmethod
    def read(
        cls,
        data: Path,
        *,
        labels: Sequence[str] | None = None,
        extra: Sequence[Path] = (),
        held: Sequence[tuple[Path, float]] = (),
        held_share: float = 0.1,
    ) -> Self:
        """Scan the class folders and put photos for choices aside.

        Args:
            data: holds train/<class>/ and validation/<class>/.
            labels: what to call the classes, in the order of the sorted folders.
            extra: more class folders to learn from.
            held: class folders on which choices are made, and which share of each, above 0, at
                most 1.
            held_share: 0..1, of the training photos, for choices where `held` names no folder.

        Raises:
            DataError: too few photos, classes that differ, labels that cannot be told apart.
        """
        every = scan(data / "train", *extra, least=MIN_PHOTOS)
        test = scan(data / "validation")
        if test.classes != every.classes:
            raise DataError(
                f"{data}/train has the classes {', '.join(every.classes)},"
                f" {data}/validation has {', '.join(test.classes)}."
            )
        named = tuple(labels or every.classes)
        if len(named) != len(every.classes):
            raise DataError(
                f"{len(every.classes)} labels are needed, for {', '.join(every.classes)};"
                f" --labels names {len(named)}."
            )
        if len({*named, NEITHER, SEVERAL}) != len(named) + 2:
            raise DataError(
                f"Labels must differ from each other, from {NEITHER!r} and {SEVERAL!r}."
            )
        if held:
            validation = held_photos(held, every.classes)
            return cls(named, every.without(validation), validation, test)
        train, validation = every.split(held_share)
        return cls(named, train, validation, test)


def held_photos(folders: Sequence[tuple[Path, float]], classes: tuple[str, ...]) -> Photos:
    """The photos for choices of some class folders, of each the share that is asked for.

    Raises:
        DataError: a folder has other classes than those that are learned.
    """
    for folder, _ in folders:
        own = tuple(class_folders(folder))
        if own != classes:
            raise DataError(
                f"The classes of {folder} ({', '.join(own)}) are not those that are learned"
                f" ({', '.join(classes)})."
            )
    return concat([subset(scan(folder), share) for folder, share in folders])
