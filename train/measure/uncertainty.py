"""How sure each figure of a classifier is, from the photos that it was measured on."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from train.measure import intervals
from train.measure.intervals import Interval
from train.measure.metrics import Figures, calibration_error

FLOOR = np.finfo(np.float32).eps
"""The least probability of a right label, so that one photo does not make the log loss endless."""


def figure_intervals(
    figures: Figures, scores: NDArray[np.float32], truth: NDArray[np.int64]
) -> dict[str, Interval]:
    """An interval for each figure that has one, by the names of `Figures.flat`.

    Args:
        figures: of `scores` (photos, labels), probabilities, against `truth` (photos,).
    """
    counts = np.array(figures.confusion)
    right, called, there = np.diag(counts), counts.sum(axis=0), counts.sum(axis=1)
    labels = list(figures.precision)
    return {
        "accuracy": intervals.share(int(right.sum()), len(truth)),
        **_shares("precision", labels, right, called),
        **_shares("recall", labels, right, there),
        "roc_auc": _measured(
            figures.roc_auc, intervals.resampled(lambda i: _auc(scores[i], truth[i]), len(truth))
        ),
        "log_loss": _measured(figures.log_loss, intervals.mean(log_losses(scores, truth))),
        "calibration_error": _measured(
            figures.calibration_error,
            intervals.resampled(lambda i: calibration_error(scores[i], truth[i]), len(truth)),
        ),
    }


def log_losses(scores: NDArray[np.float32], truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """The log loss of each photo (photos,), in nats."""
    exact = scores.astype(np.float64)
    right = exact[np.arange(len(truth)), truth] / exact.sum(axis=1)
    losses: NDArray[np.float64] = -np.log(np.maximum(right, FLOOR))
    return losses


def _shares(
    name: str, labels: Sequence[str], counts: NDArray[np.int64], totals: NDArray[np.int64]
) -> dict[str, Interval]:
    return {
        f"{name} of {label}": intervals.share(int(count), int(total))
        for label, count, total in zip(labels, counts, totals, strict=True)
    }


def _measured(value: float, around: Interval) -> Interval:
    """The figure as it is published, and what was found around it."""
    return around._replace(value=value)


def _auc(scores: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """The area under the ROC curve, mean of one label against the rest; nan where one is missing.

    By ranks (Mann and Whitney 1947), since it is asked a thousand times.
    """
    from scipy.stats import rankdata

    areas = []
    for label in range(scores.shape[1]) if scores.shape[1] > 2 else [1]:
        own = truth == label
        there, others = int(own.sum()), int((~own).sum())
        if not there or not others:
            return float("nan")
        ranks = rankdata(scores[:, label])[own].sum()
        areas.append((ranks - there * (there + 1) / 2) / (there * others))
    return float(np.mean(areas))
