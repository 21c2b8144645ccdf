"""Which photos to learn from and which to measure with; near-duplicates never on both sides."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from common.errors import DataError
from train.photos.layout import Place, Side

Sides = list[Side | None]
"""Of each photo; None for one that is left out."""


def by_share(places: Sequence[Place], group: Sequence[int], share: float, seed: int) -> Sides:
    """A share of each class to measure with, whole groups of near-duplicates at a time.

    Args:
        places: of the photos.
        group: the number of each photo's group.
        share: 0..1, of each class's photos.
        seed: of the choice.
    """
    members = defaultdict(list)
    for i, number in enumerate(group):
        members[number].append(i)
    of_label = defaultdict(list)
    for own in members.values():
        of_label[places[own[0]].label].append(own)
    sides: Sides = ["train"] * len(places)
    random = np.random.default_rng(seed)
    for label in sorted(of_label):
        own_groups = of_label[label]
        wanted = max(1, round(share * sum(map(len, own_groups))))
        shuffled = [own_groups[i] for i in random.permutation(len(own_groups))]
        taken = 0
        for own in shuffled:
            if taken + len(own) <= wanted:
                taken += len(own)
                _put(sides, own)
        if not taken and len(shuffled) > 1:  # even the smallest is more than was asked for
            _put(sides, min(shuffled, key=len))
    return sides


def _put(sides: Sides, photos: Iterable[int]) -> None:
    for i in photos:
        sides[i] = "validation"


def by_index(places: Sequence[Place], names: Sequence[str], train: int, validation: int) -> Sides:
    """By the number in each name: 0 to `train` - 1, and the next `validation`.

    Raises:
        DataError: a photo without a number.
    """
    sides: Sides = []
    for place, name in zip(places, names, strict=True):
        if place.index is None:
            raise DataError(f"{name} has no number to go by (--by-index).")
        early, late = place.index < train, place.index < train + validation
        sides.append("train" if early else "validation" if late else None)
    return sides


def has_split(places: Sequence[Place]) -> bool:
    """Whether a source says of every photo on which side it is, and has both sides."""
    return {place.side for place in places} == {"train", "validation"}


def without_repeats(sides: Sides, alike: Iterable[tuple[int, int]]) -> tuple[Sides, list[int]]:
    """Leave out what is measured with and resembles a photo that is learned from.

    Returns:
        the sides, and the indices of what was left out.
    """
    out = sorted(
        {
            one if sides[one] == "validation" else other
            for one, other in alike
            if {sides[one], sides[other]} == {"train", "validation"}
        }
    )
    kept = list(sides)
    for i in out:
        kept[i] = None
    return kept, out


def check(places: Sequence[Place], sides: Sides, group: Sequence[int], found: Counter[str]) -> None:
    """Refuse a split in which a class has nothing on one side.

    Args:
        found: how many photos each class has in the source, readable or not.

    Raises:
        DataError: see its message.
    """
    for label in sorted(found):
        own = [i for i, place in enumerate(places) if place.label == label]
        counts = Counter(sides[i] for i in own)
        if counts["train"] and counts["validation"]:
            continue
        if not own:
            raise DataError(f"None of the {found[label]} photos of {label} can be read.")
        if len(own) == 1:
            why = "it has one photo, and needs at least two."
        elif len({group[i] for i in own}) == 1:
            why = f"its {len(own)} photos are near-duplicates of each other; it needs others."
        else:
            empty = "train" if not counts["train"] else "validation"
            why = (
                f"of its {len(own)} photos none would be left in {empty};"
                " add photos or choose another split (--validation, --by-index)."
            )
        raise DataError(f"The class {label} cannot be split: {why}")
