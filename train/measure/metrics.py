"""The figures of a classifier, from its scores and the truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS, LEAST = 15, 10
"""Bins at most, and photos in each at least: the accuracy of one photo says nothing."""


@dataclass(frozen=True)
class Figures:
    """What `measure` found; all but the counts are 0..1, `log_loss` is in nats."""

    photos: int
    accuracy: float
    precision: dict[str, float]
    recall: dict[str, float]
    roc_auc: float
    log_loss: float
    calibration_error: float
    calibration_band: float
    """What the calibration error of a perfectly calibrated model stays below, 95 times of 100."""
    confusion: list[list[int]]
    """[truth][verdict] -> photos, in the order of the labels."""

    def flat(self) -> dict[str, float]:
        """The single numbers by name, as the model card lists them."""
        return {
            "accuracy": self.accuracy,
            **{f"precision of {label}": value for label, value in self.precision.items()},
            **{f"recall of {label}": value for label, value in self.recall.items()},
            "roc_auc": self.roc_auc,
            "log_loss": self.log_loss,
            "calibration_error": self.calibration_error,
            "calibration_band": self.calibration_band,
        }


def measure(
    scores: NDArray[np.float32], truth: NDArray[np.int64], labels: Sequence[str]
) -> Figures:
    """Compare scores with the truth.

    Args:
        scores: (photos, labels), probabilities that sum to 1.
        truth: (photos,), index of the right label.

    Returns:
        top-1 accuracy, precision and recall by label, the area under the ROC curve (mean of one
        label against the rest), log loss, expected calibration error and the confusion matrix.
    """
    # Imported here: it takes a second, which commands need not wait for before they check things.
    from sklearn.metrics import (
        confusion_matrix,
        log_loss,
        precision_recall_fscore_support,
        roc_auc_score,
    )

    every = np.arange(len(labels))
    verdicts = scores.argmax(axis=1)
    precision, recall, _, _ = precision_recall_fscore_support(
        truth, verdicts, labels=every, zero_division=0
    )
    exact = scores.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    if len(labels) == 2:
        area = roc_auc_score(truth, exact[:, 1])
    else:
        area = roc_auc_score(truth, exact, multi_class="ovr", labels=every)
    return Figures(
        photos=len(truth),
        accuracy=float((verdicts == truth).mean()),
        precision=dict(zip(labels, map(float, precision), strict=True)),
        recall=dict(zip(labels, map(float, recall), strict=True)),
        roc_auc=float(area),
        log_loss=float(log_loss(truth, exact, labels=every)),
        calibration_error=calibration_error(scores, truth),
        calibration_band=calibration_band(scores),
        confusion=confusion_matrix(truth, verdicts, labels=every).tolist(),
    )


def reliability(
    scores: NDArray[np.float32], truth: NDArray[np.int64], bins: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Confidence against accuracy, in bins of equal mass.

    Args:
        scores: (photos, labels).
        truth: (photos,).
        bins: how many; left out, as many as hold 10 photos each, and 15 at most.

    Returns:
        mean confidence, accuracy and number of photos of each bin, from least to most confident.
    """
    confidence = scores.max(axis=1).astype(np.float64)
    right = scores.argmax(axis=1) == truth
    parts = _parts(np.argsort(confidence, kind="stable"), bins)
    return (
        np.array([confidence[part].mean() for part in parts]),
        np.array([right[part].mean() for part in parts]),
        np.array([len(part) for part in parts]),
    )


def _parts(order: NDArray[np.int64], bins: int | None) -> list[NDArray[np.int64]]:
    """Photos, in order of confidence, in bins of equal mass."""
    return np.array_split(order, bins or max(1, min(BINS, len(order) // LEAST)))


def calibration_error(
    scores: NDArray[np.float32], truth: NDArray[np.int64], bins: int | None = None
) -> float:
    """Expected calibration error, 0..1, in bins of equal mass (Nguyen and O'Connor 2015)."""
    confidence, accuracy, photos = reliability(scores, truth, bins)
    return float((np.abs(confidence - accuracy) * photos).sum() / photos.sum())


def calibration_band(
    scores: NDArray[np.float32], *, draws: int = 1000, share: float = 0.95, bins: int | None = None
) -> float:
    """The calibration error that a perfectly calibrated model stays below in 95 % of draws.

    Even such a model has an error above 0 on finitely many photos. Here each photo is right with
    exactly the probability that its score says, drawn again and again.

    Args:
        scores: (photos, labels).
    """
    confidence = np.sort(scores.max(axis=1).astype(np.float64))
    parts = _parts(np.arange(len(confidence)), bins)
    right = np.random.default_rng(0).random((draws, len(confidence))) < confidence
    errors = np.zeros(draws)
    for part in parts:
        errors += np.abs(confidence[part].mean() - right[:, part].mean(axis=1)) * len(part)
    return float(np.quantile(errors / len(confidence), share))


@dataclass(frozen=True)
class NeitherFigures:
    """How well familiarity tells the labels' photos from others; shares are 0..1."""

    others: int
    auroc: float
    passing: dict[float, float]
    """share of the labels' photos that is kept -> share of the others that passes then"""
    served_kept: float
    served_passing: float

    def flat(self) -> dict[str, float]:
        """The single numbers by name, as the model card lists them."""
        return {
            "familiarity AUROC": self.auroc,
            **{f"others passing at {k:.0%} kept": value for k, value in self.passing.items()},
            "kept as served": self.served_kept,
            "others passing as served": self.served_passing,
        }


def measure_neither(
    familiar: NDArray[np.float32], strange: NDArray[np.float32], threshold: float
) -> NeitherFigures:
    """Compare the familiarity (photos,) of the labels' photos with that of other ones."""
    from sklearn.metrics import roc_auc_score  # as in `measure`

    every = np.concatenate([familiar, strange])
    return NeitherFigures(
        others=len(strange),
        auroc=float(roc_auc_score(np.arange(len(every)) < len(familiar), every)),
        passing={
            kept: float((strange >= np.quantile(familiar, 1 - kept, method="lower")).mean())
            for kept in (0.95, 0.99)
        },
        served_kept=float((familiar >= threshold).mean()),
        served_passing=float((strange >= threshold).mean()),
    )
