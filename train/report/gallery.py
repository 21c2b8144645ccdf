"""The photos of a report, by cell of the confusion matrix; mistakes with heat maps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.file_names import printable
from common.images import decode
from common.model.classifier import Classifier
from train.photos.dataset import Photos
from train.report import pages
from train.report.heatmaps import overlaid

MISTAKES, RIGHT = 24, 5
"""Photos that are shown of a cell: of wrong verdicts, and of right ones, the least sure."""
ALL = 120
"""Photos that a page shows: more make it too heavy to be read."""


@dataclass(frozen=True)
class Answers:
    """Some photos, and what a model says of them."""

    photos: Photos
    scores: NDArray[np.float32]
    """(photos, labels)"""
    truth: NDArray[np.int64]
    """(photos,)"""
    familiarity: NDArray[np.float32] | None = None
    """(photos,), 0..1, where the model measures it."""

    @property
    def verdicts(self) -> NDArray[np.int64]:
        """(photos,), the label of the highest score."""
        return self.scores.argmax(axis=1)

    @property
    def mistakes(self) -> NDArray[np.int64]:
        """Indices of photos with a wrong verdict, the surest first."""
        wrong = np.flatnonzero(self.verdicts != self.truth)
        return wrong[np.argsort(-self.scores[wrong].max(axis=1), kind="stable")]


Described = Callable[[Answers, int], dict[str, Any]]


def describer(classifier: Classifier, *, show_photos: bool) -> Described:
    """What says of a photo all that a page shows: name, words and, if it may, pictures."""
    labels = classifier.card.labels

    def described(found: Answers, i: int) -> dict[str, Any]:
        path, row = found.photos.paths[i], found.scores[i]
        verdict = int(row.argmax())
        right = found.truth[i] == verdict
        said = f"{labels[verdict]} {row[verdict]:.1%}"
        one: dict[str, Any] = {
            "name": printable(f"{path.parent.name}/{path.name}"),
            "words": said if right else f"{said}, is {labels[found.truth[i]]}",
        }
        if show_photos and (picture := pages.thumbnail(path)) is not None:
            one["picture"] = pages.jpeg(picture)
            if not right:
                pixels = decode(path.read_bytes(), classifier.target)[np.newaxis]
                seen = classifier.predict(pixels, explain=True)[0]
                if seen.heatmap is not None:
                    one["seen"] = pages.jpeg(overlaid(picture, seen.heatmap))
                    one["seen_words"] = f"where {next(iter(seen.scores))} was seen, in orange"
        return one

    return described


def cells(found: Answers, labels: Sequence[str], described: Described) -> list[dict[str, Any]]:
    """The cells of the confusion matrix that have photos: wrong verdicts first, the fullest first.

    Each has an `anchor`, a `heading`, its `total` and its first `photos`.
    """
    verdicts = found.verdicts
    sections = []
    for truth, verdict in np.ndindex(len(labels), len(labels)):
        which = np.flatnonzero((found.truth == truth) & (verdicts == verdict))
        if not len(which):
            continue
        sure = found.scores[which].max(axis=1)
        right = truth == verdict
        order = which[np.argsort(sure if right else -sure, kind="stable")]
        name = labels[truth]
        heading = f"{name}, rightly so" if right else f"{name}, taken for {labels[verdict]}"
        sections.append((right, -len(which), anchor(truth, verdict), heading, order))
    sections.sort(key=lambda section: section[:3])
    wrong = max(1, sum(not right for right, *_ in sections))
    most = {True: RIGHT, False: min(MISTAKES, max(2, ALL // wrong))}
    return [
        {
            "anchor": where,
            "heading": heading,
            "right": right,
            "total": len(order),
            "photos": [described(found, int(i)) for i in order[: most[right]]],
        }
        for right, _, where, heading, order in sections
    ]


def anchor(truth: int, verdict: int) -> str:
    """The name of a cell's section on the page."""
    return f"cell-{truth}-{verdict}"
