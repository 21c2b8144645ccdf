"""Two models on the same photos: what one got right and the other wrong, and whether it is chance.

The test is McNemar's (1947), exact: only photos on which one model is right and the other wrong
tell the two apart, and if they were equally good each of these would be a toss of a coin.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.measure import intervals
from train.measure.intervals import Interval
from train.measure.uncertainty import log_losses

CHANCE = 0.05
"""Below this, what was found is called more than chance."""


@dataclass(frozen=True)
class Counts:
    """Photos by who was right about them."""

    photos: int
    both_right: int
    only_a: int
    only_b: int
    both_wrong: int

    @property
    def right_a(self) -> int:
        return self.both_right + self.only_a

    @property
    def right_b(self) -> int:
        return self.both_right + self.only_b


@dataclass(frozen=True)
class Comparison:
    """What `compare` found of models A and B."""

    whole: Counts
    by_label: dict[str, Counts]
    both_wrong_otherwise: int
    """Photos about which both are wrong, each in its own way."""
    accuracy: tuple[Interval, Interval]
    """Of A and of B, 0..1."""
    log_loss: tuple[Interval, Interval]
    """Of A and of B, in nats."""
    difference: Interval
    """Accuracy of B minus that of A, of the same photos."""
    p_value: float
    """How often chance alone would divide the photos as unevenly, 0..1."""

    def as_json(self) -> dict[str, Any]:
        """For programs: all figures by name, an interval as value, low and high."""
        both = ("accuracy", "log_loss")
        return {
            "counts": asdict(self.whole),
            "by_label": {label: asdict(counts) for label, counts in self.by_label.items()},
            "both_wrong_otherwise": self.both_wrong_otherwise,
            **{
                name: {ab: one._asdict() for ab, one in zip("AB", getattr(self, name), strict=True)}
                for name in both
            },
            "difference": self.difference._asdict(),
            "p_value": self.p_value,
        }


def compare(
    scores_a: NDArray[np.float32],
    scores_b: NDArray[np.float32],
    truth: NDArray[np.int64],
    labels: Sequence[str],
) -> Comparison:
    """Hold two models' scores for the same photos against each other.

    Args:
        scores_a, scores_b: (photos, labels), probabilities; both in the order of `labels`.
        truth: (photos,) index of the right label.
    """
    verdict_a, verdict_b = scores_a.argmax(axis=1), scores_b.argmax(axis=1)
    right_a, right_b = verdict_a == truth, verdict_b == truth
    whole = _counts(right_a, right_b)
    return Comparison(
        whole=whole,
        by_label={
            label: _counts(right_a[truth == i], right_b[truth == i])
            for i, label in enumerate(labels)
        },
        both_wrong_otherwise=int((~right_a & ~right_b & (verdict_a != verdict_b)).sum()),
        accuracy=(
            intervals.share(whole.right_a, whole.photos),
            intervals.share(whole.right_b, whole.photos),
        ),
        log_loss=(
            intervals.mean(log_losses(scores_a, truth)),
            intervals.mean(log_losses(scores_b, truth)),
        ),
        difference=intervals.mean(right_b.astype(float) - right_a),
        p_value=mcnemar(whole.only_a, whole.only_b),
    )


def mcnemar(only_a: int, only_b: int) -> float:
    """How often a fair coin would divide these photos at least as unevenly, 0..1."""
    from scipy.stats import binomtest

    return float(binomtest(only_a, only_a + only_b).pvalue) if only_a + only_b else 1.0


def in_words(found: Comparison) -> str:
    """What the test says, in sentences."""
    a, b = found.whole.only_a, found.whole.only_b
    photos = a + b
    if not photos:
        return (
            "No photo on which one is right and the other wrong: these photos do not tell A and B"
            " apart."
        )
    often = f"{found.p_value:.0%}" if found.p_value >= 0.01 else "less than 1 %"
    said = (
        f"On {photos} of {found.whole.photos} photos one is right and the other wrong: A is right"
        f" on {a}, B on {b}. If the two were equally good, chance would divide them at least as"
        f" unevenly in {often} of all cases (exact McNemar test, p = {found.p_value:.3g})."
    )
    if found.p_value < CHANCE:
        better, worse = ("A", "B") if a > b else ("B", "A")
        return (
            f"{said} That is hardly chance: {better} is better than {worse} on photos like these."
        )
    if mcnemar(0, photos) >= CHANCE:
        return f"{said} So few photos cannot tell which is better, however they are divided."
    return f"{said} That may well be chance: these photos do not tell which is better."


def differing(
    scores_a: NDArray[np.float32], scores_b: NDArray[np.float32], truth: NDArray[np.int64]
) -> dict[str, NDArray[np.int64]]:
    """The photos on which the verdicts differ, those first on which the scores are furthest apart.

    Returns:
        `only_a` (A is right), `only_b` and `neither` (both are wrong, each in its own way) ->
        indices of photos.
    """
    verdict_a, verdict_b = scores_a.argmax(axis=1), scores_b.argmax(axis=1)
    right_a, right_b = verdict_a == truth, verdict_b == truth
    order = np.argsort(-np.abs(scores_a - scores_b).max(axis=1), kind="stable")
    which = {
        "only_a": right_a & ~right_b,
        "only_b": right_b & ~right_a,
        "neither": ~right_a & ~right_b & (verdict_a != verdict_b),
    }
    return {name: order[mask[order]] for name, mask in which.items()}


def _counts(right_a: NDArray[np.bool_], right_b: NDArray[np.bool_]) -> Counts:
    return Counts(
        photos=len(right_a),
        both_right=int((right_a & right_b).sum()),
        only_a=int((right_a & ~right_b).sum()),
        only_b=int((right_b & ~right_a).sum()),
        both_wrong=int((~right_a & ~right_b).sum()),
    )
