"""The page beside every model: one self-contained HTML file, to be opened from disk."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from common.images import decode
from common.model.card import ModelCard
from common.model.classifier import Classifier
from common.model.golden import draw
from train.measure import comparison
from train.measure.metrics import Figures
from train.measure.uncertainty import figure_intervals
from train.photos.dataset import Photos
from train.report import gallery, pages, words
from train.report.gallery import Answers
from train.report.plots import familiarity_plot, history_plot, reliability_plot

LEARNED = 24
"""Training photos with a wrong verdict that are shown."""
VARIANTS = 5
History = Sequence[dict[str, float]]


@dataclass(frozen=True)
class WarmStart:
    """The network that fine-tuning began with."""

    history: History
    """Of the training of its head; empty where it came from a model folder."""
    scores: NDArray[np.float32]
    """(photos, labels), of the photos that are reported on."""


@dataclass(frozen=True)
class Training:
    """What a report says of how a model came to be; what a recipe has not is left out."""

    history: History = ()
    """One entry for each epoch, oldest first."""
    warm: WarmStart | None = None
    learned: Answers | None = None
    """Photos that were learned from, and what the model says of them."""
    others: NDArray[np.float32] | None = None
    """The familiarity (photos,) of photos of other things that were not learned from."""


def write_report(
    folder: Path,
    card: ModelCard,
    classifier: Classifier,
    figures: Figures,
    measured: Answers,
    training: Training,
    *,
    show_photos: bool,
) -> None:
    """Write `folder`/index.html, and the bare history for whoever wants to plot it otherwise.

    Args:
        card: with the figures' origin as its first metric.
        classifier: the model, for heat maps.
        figures: of `measured`, photos that were touched by no choice.
        show_photos: without, photos are only named, and what is drawn stands for them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kind = card.settings.get("augment", "none")
    scores, truth = measured.scores, measured.truth
    warm = training.warm
    described = gallery.describer(classifier, show_photos=show_photos)
    page = pages.render(
        "report.html",
        card=card,
        measured=card.metrics[0],
        figures=words.figure_rows(figures, figure_intervals(figures, scores, truth)),
        start=warm and _start(warm.scores, measured, card),
        histories=[
            (heading, _svg(history_plot(history)), words.history_words(history))
            for heading, history in (
                ("The head alone", warm.history if warm else ()),
                ("The whole network" if warm else "", training.history),
            )
            if history
        ],
        confusion=figures.confusion,
        anchor=gallery.anchor,
        cells=gallery.cells(measured, card.labels, described),
        wrong=len(measured.mistakes),
        photos=len(measured.photos),
        reliability=_svg(reliability_plot(scores, truth)),
        reliability_words=words.reliability_words(scores, truth),
        reliability_rows=words.reliability_rows(scores, truth),
        neither=_neither(card, measured.familiarity, training.others),
        learned=training.learned and _learned(training.learned, described),
        show_photos=show_photos,
        variants=[] if kind == "none" else _variants(card, kind, measured.photos, show_photos),
        columns=VARIANTS + 1,
        settings=words.setting_rows(card.settings),
    )
    (folder / "index.html").write_text(page, encoding="utf-8")
    (folder / "history.json").write_text(json.dumps(list(training.history), indent=1) + "\n")


def _start(start: NDArray[np.float32], measured: Answers, card: ModelCard) -> dict[str, Any]:
    """The network before fine-tuning, as A, beside the one after it, as B."""
    found = comparison.compare(start, measured.scores, measured.truth, card.labels)
    return {
        "found": found,
        "words": comparison.in_words(found),
        "helped": found.accuracy[1].value > found.accuracy[0].value,
    }


def _neither(
    card: ModelCard, own: NDArray[np.float32] | None, others: NDArray[np.float32] | None
) -> tuple[str, str] | None:
    """How familiar the photos are, drawn and in words; None where a model never says neither."""
    if own is None or card.neither_threshold is None:
        return None
    line = card.neither_threshold
    plot = _svg(familiarity_plot(own, others, line))
    return plot, words.neither_words(own, others, line)


def _learned(learned: Answers, described: gallery.Described) -> dict[str, Any]:
    mistakes = learned.mistakes
    return {
        "photos": len(learned.photos),
        "wrong": len(mistakes),
        "mistakes": [described(learned, int(i)) for i in mistakes[:LEARNED]],
    }


def _variants(card: ModelCard, kind: str, photos: Photos, show: bool) -> list[str]:
    """Pictures as data addresses, row by row: the picture, then what augmentation made of it."""
    from train.report.augmentation import augmented  # Keras, which a page without it can do without

    size = (card.input.height, card.input.width)
    if show:
        some = np.linspace(0, len(photos) - 1, 3).astype(int)
        pictures = np.stack([decode(photos.paths[i].read_bytes(), size) for i in some])
    else:
        drawn = draw(*size)
        pictures = np.stack([drawn["disc"], drawn["squares"], drawn["gradient"]])
    columns = np.concatenate([pictures[None], augmented(pictures, kind, VARIANTS)])
    return [pages.jpeg(column[row]) for row in range(len(pictures)) for column in columns]


def _svg(figure: Figure) -> str:
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    return pages.data_uri(out.getvalue(), "image/svg+xml")
