"""The page of `train compare`: the photos on which two models differ, with scores and heat maps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.file_names import printable
from common.images import decode
from common.model.classifier import Classifier
from train.measure import comparison
from train.measure.comparison import Comparison
from train.photos.dataset import Photos
from train.report import pages
from train.report.heatmaps import overlaid

SHOWN = 60
"""Photos of a section: more make the page too heavy to be read."""
HEADINGS = {
    "only_a": "A is right, B is wrong",
    "only_b": "B is right, A is wrong",
    "neither": "Both are wrong, each in its own way",
}

Scores = NDArray[np.float32]


def page(
    models: Sequence[Classifier],
    found: Comparison,
    scores: tuple[Scores, Scores],
    truth: NDArray[np.int64],
    photos: Photos,
    names: Sequence[str],
    source: str,
    *,
    show_photos: bool,
) -> str:
    """The whole page, HTML.

    Args:
        models: A and B.
        found: of `scores` (photos, labels) each, against `truth` (photos,), in A's order of labels.
        names: what each photo is called.
        source: what the photos are called.
        show_photos: without, photos are only named, and no heat map is drawn.
    """
    labels = models[0].card.labels

    def described(i: int) -> dict[str, Any]:
        sides = [_says(labels, rows[i]) for rows in scores]
        one: dict[str, Any] = {
            "name": printable(names[i]),
            "truth": labels[truth[i]],
            "sides": sides,
        }
        if show_photos and (picture := pages.thumbnail(photos.paths[i])) is not None:
            data = photos.paths[i].read_bytes()
            one["picture"] = pages.jpeg(picture)
            for side, model in zip(sides, models, strict=True):
                seen = model.predict(decode(data, model.target)[np.newaxis], explain=True)[0]
                assert seen.heatmap is not None, "it was asked for"
                side["seen"] = pages.jpeg(overlaid(picture, seen.heatmap))
                side["seen_label"] = next(iter(seen.scores))
        return one

    sections = [
        {
            "heading": HEADINGS[name],
            "total": len(which),
            "photos": [described(int(i)) for i in which[:SHOWN]],
        }
        for name, which in comparison.differing(*scores, truth).items()
    ]
    return pages.render(
        "comparison.html",
        cards=[model.card for model in models],
        precisions=[model.precision for model in models],
        source=source,
        found=found,
        words=comparison.in_words(found),
        sections=sections,
        show_photos=show_photos,
    )


def _says(labels: Sequence[str], row: Scores) -> dict[str, Any]:
    """A model's verdict and scores for one photo, the strongest first."""
    order = np.argsort(-row, kind="stable")
    return {"scores": [(labels[i], f"{row[i]:.1%}") for i in order]}
