"""Two models' scores held against each other: counts, intervals and McNemar's test."""

import math

import numpy as np
import pytest

from train.measure import intervals
from train.measure.comparison import compare, differing, in_words, mcnemar

LABELS = ("ant", "bee", "cow")


def scores(verdicts: list[int], sure: float = 0.8) -> np.ndarray:
    rows = np.full((len(verdicts), 3), (1 - sure) / 2, np.float32)
    rows[np.arange(len(verdicts)), verdicts] = sure
    return rows


def test_counts_are_those_of_a_hand() -> None:
    truth = np.array([0, 0, 1, 1, 2, 2])
    a, b = scores([0, 1, 1, 0, 2, 0]), scores([0, 0, 1, 0, 0, 1])
    found = compare(a, b, truth, LABELS)
    whole = found.whole
    assert (whole.both_right, whole.only_a, whole.only_b, whole.both_wrong) == (2, 1, 1, 2)
    assert (whole.right_a, whole.right_b, whole.photos) == (3, 3, 6)
    assert found.both_wrong_otherwise == 1
    assert found.by_label["cow"].only_a == found.by_label["ant"].only_b == 1
    assert found.accuracy[0].value == 0.5
    assert found.difference.value == 0
    assert {k: v.tolist() for k, v in differing(a, b, truth).items()} == {
        "only_a": [4], "only_b": [1], "neither": [5],
    }  # fmt: skip


@pytest.mark.parametrize(("a", "b"), [(0, 0), (1, 0), (5, 0), (0, 6), (3, 9), (10, 10), (4, 30)])
def test_mcnemar_is_the_sum_of_the_binomial(a: int, b: int) -> None:
    n, k = a + b, min(a, b)
    expected = min(1.0, 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2**n)
    assert mcnemar(a, b) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (0, 0, "do not tell A and B apart"),
        (5, 0, "So few photos cannot tell"),
        (7, 5, "may well be chance"),
        (1, 12, "hardly chance: B is better than A"),
        (30, 2, "less than 1 % of all cases"),
    ],
)
def test_the_test_in_words(a: int, b: int, said: str) -> None:
    truth = np.zeros(100, int)
    one = scores([1] * b + [0] * (100 - b))
    other = scores([0] * b + [1] * a + [0] * (100 - a - b))
    assert said in in_words(compare(one, other, truth, LABELS))


def test_an_interval_of_a_share_is_never_empty() -> None:
    low = intervals.share(96, 96)
    assert (low.value, low.high) == (1.0, 1.0)
    assert 0.95 < low.low < 0.97  # Wilson's of 96 of 96: 0.9615
    assert intervals.share(0, 0) == (0.0, 0.0, 1.0)


def test_intervals_hold_as_often_as_they_say() -> None:
    """Of many samples whose truth is known, the interval holds it in about 95 of 100."""
    random = np.random.default_rng(5)
    holds = 0
    for _ in range(200):
        found = intervals.mean(random.exponential(2.0, 80))
        holds += found.low <= 2.0 <= found.high
    assert 178 <= holds <= 200


def test_a_figure_that_a_draw_cannot_tell_is_left_out() -> None:
    values = np.array([0.0, 0.0, 0.0, 1.0])

    def spread(which: np.ndarray) -> float:
        return float("nan") if values[which].max() == 0 else float(values[which].mean())

    found = intervals.resampled(spread, 4)
    assert 0.25 <= found.low <= found.high <= 1
