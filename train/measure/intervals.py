"""How sure a measured figure is: intervals of 95 %, from the photos that it was measured on.

A share of photos gets Wilson's interval, which is not empty where all photos are right; any other
figure is computed again and again on as many photos drawn from the same ones (the bootstrap).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
DRAWS = 1000


class Interval(NamedTuple):
    """A figure, and between what it would lie for other photos like these, 95 times of 100."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4f} ({self.low:.4f} to {self.high:.4f})"


def share(count: int, total: int) -> Interval:
    """The interval of a share of photos, 0..1 (Wilson 1927).

    Args:
        count: photos that are meant, 0 to `total`.
        total: of how many; where there are none, nothing is known: 0 to 1.
    """
    from scipy.stats import binomtest  # takes half a second, which a mistyped name need not wait

    if not total:
        return Interval(0.0, 0.0, 1.0)
    found = binomtest(count, total).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(count / total, float(found.low), float(found.high))


def mean(values: NDArray[np.floating]) -> Interval:
    """The interval of the mean of one value for each photo (photos,), at least one."""
    return resampled(lambda drawn: float(values[drawn].mean()), len(values))


def resampled(statistic: Callable[[NDArray[np.int64]], float], photos: int) -> Interval:
    """The interval of any figure of some photos (Efron 1979).

    Args:
        statistic: indices (photos,) of photos, one of them as often as it was drawn -> the figure;
            not a number where it cannot be told from these.
        photos: how many there are.
    """
    random = np.random.default_rng(0)
    drawn = [statistic(random.integers(0, photos, photos)) for _ in range(DRAWS)]
    low, high = np.nanquantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(statistic(np.arange(photos))), float(low), float(high))
