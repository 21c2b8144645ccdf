"""Classes of very different sizes: when that is so, and what a photo of each counts for then."""

from collections.abc import Sequence

UNEVEN = 3
"""How many times as many photos the largest class may have as the smallest."""


def is_uneven(counts: Sequence[int]) -> bool:
    """Whether some class has more than `UNEVEN` times the photos of another."""
    return max(counts) > UNEVEN * min(counts)


def class_weights(counts: Sequence[int]) -> dict[int, float] | None:
    """What a photo of each class counts for, so that all classes weigh the same together.

    Args:
        counts: photos of each class, at least 1.

    Returns:
        class -> weight, 1 on average over the photos; None where classes are even enough.
    """
    if not is_uneven(counts):
        return None
    return {i: sum(counts) / (len(counts) * count) for i, count in enumerate(counts)}
