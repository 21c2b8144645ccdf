"""The page beside every model: one self-contained HTML file, to be opened from disk."""

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from common.file_names import portable, printable
from common.images import decode, preview
from common.model.card import ModelCard
from common.model.golden import draw
from train.measure.metrics import Figures, reliability
from train.networks import parts
from train.photos.dataset import Photos
from train.report.plots import confusion_plot, history_plot, reliability_plot

MISTAKES = 24
VARIANTS = 5
_WORDS = {
    "roc_auc": "area under the ROC curve",
    "log_loss": "log loss",
    "calibration_error": "calibration error",
    "calibration_band": "calibration error of a calibrated model: below",
}
_TEMPLATES = Environment(
    loader=PackageLoader("train.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)


def write_report(
    folder: Path,
    card: ModelCard,
    history: Sequence[dict[str, float]],
    figures: Figures,
    scores: NDArray[np.float32],
    truth: NDArray[np.int64],
    photos: Photos,
    *,
    show_photos: bool,
) -> None:
    """Write `folder`/index.html, and the bare history for whoever wants to plot it otherwise.

    Args:
        history: one entry for each epoch, oldest first.
        figures: of `scores` (photos, labels) against `truth` (photos,).
        photos: what was measured on.
        show_photos: without, mistakes are only named and what is drawn stands for photos.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kind = card.settings.get("augment", "none")
    wrong = np.flatnonzero(scores.argmax(axis=1) != truth)
    page = _TEMPLATES.get_template("report.html").render(
        card=card,
        measured=card.metrics[0],
        figures=[(_WORDS.get(name, name), f"{v:.4f}") for name, v in figures.flat().items()],
        history=_svg(history_plot(history)) if history else None,
        history_words=history_words(history) if history else None,
        confusion=_svg(confusion_plot(card.labels, figures)),
        confusion_words=confusion_words(figures),
        reliability=_svg(reliability_plot(scores, truth)),
        reliability_words=reliability_words(scores, truth),
        photos=len(photos),
        wrong=len(wrong),
        mistakes=_mistakes(card, scores, truth, photos, show_photos),
        show_photos=show_photos,
        variants=[] if kind == "none" else _variants(card, kind, photos, show_photos),
        columns=VARIANTS + 1,
        settings=[(name, _text(value)) for name, value in card.settings.items()],
    )
    (folder / "index.html").write_text(page, encoding="utf-8")
    (folder / "history.json").write_text(json.dumps(list(history), indent=1) + "\n")


def history_words(history: Sequence[dict[str, float]]) -> str:
    """What the plot of the history shows, in a sentence."""
    kept = int(np.argmin([entry["val_loss"] for entry in history]))
    entry = history[kept]
    accuracy = f", accuracy {entry['val_accuracy']:.4f}" if "val_accuracy" in entry else ""
    return (
        f"The course of training over {len(history)} epochs. Epoch {kept + 1} is kept, that of the"
        f" lowest validation loss: {entry['val_loss']:.4f}{accuracy}."
    )


def confusion_words(figures: Figures) -> str:
    """What the confusion matrix shows, in a sentence for each label."""
    labels = list(figures.precision)
    return " ".join(
        f"Of {sum(row)} photos of {label}, {row[i]} get the right verdict."
        for i, (label, row) in enumerate(zip(labels, figures.confusion, strict=True))
    )


def reliability_words(scores: NDArray[np.float32], truth: NDArray[np.int64]) -> str:
    """How many photos stand behind each point of the reliability plot."""
    _, _, counts = reliability(scores, truth)
    few, many = int(counts.min()), int(counts.max())
    each = f"{few}" if few == many else f"{few} to {many}"
    return f"Each of the {len(counts)} points stands for {each} photos."


def augmented(pictures: NDArray[np.uint8], kind: str, count: int) -> NDArray[np.uint8]:
    """What augmentation makes of pictures.

    Args:
        pictures: uint8 (batch, height, width, 3).
        kind: as `parts.augmentation` takes it.
        count: how many variants of each.

    Returns:
        uint8 (count, batch, height, width, 3).
    """
    keras.utils.set_random_seed(0)
    layers = parts.augmentation(kind)
    variants = []
    for _ in range(count):
        x = pictures.astype(np.float32)
        for layer in layers:
            x = layer(x, training=True)
        variants.append(np.asarray(keras.ops.convert_to_numpy(x)).clip(0, 255).astype(np.uint8))
    return np.stack(variants)


def _mistakes(
    card: ModelCard,
    scores: NDArray[np.float32],
    truth: NDArray[np.int64],
    photos: Photos,
    show: bool,
) -> list[dict[str, Any]]:
    """The most confident mistakes first: name, words and, if photos may be shown, the picture."""
    wrong = np.flatnonzero(scores.argmax(axis=1) != truth)
    wrong = wrong[np.argsort(-scores[wrong].max(axis=1), kind="stable")]
    found = []
    for i in wrong[:MISTAKES]:
        path, verdict = photos.paths[i], card.labels[scores[i].argmax()]
        mistake = {
            "name": printable(f"{path.parent.name}/{path.name}"),
            "words": f"{verdict} {scores[i].max():.1%}, is {card.labels[truth[i]]}",
        }
        if show:
            mistake["image"] = _uri(preview(path.read_bytes(), 200), "image/jpeg")
        found.append(mistake)
    return found


def _variants(card: ModelCard, kind: str, photos: Photos, show: bool) -> list[str]:
    """Pictures as data addresses, row by row: the picture, then what augmentation made of it."""
    size = (card.input.height, card.input.width)
    if show:
        some = np.linspace(0, len(photos) - 1, 3).astype(int)
        pictures = np.stack([decode(photos.paths[i].read_bytes(), size) for i in some])
    else:
        drawn = draw(*size)
        pictures = np.stack([drawn["disc"], drawn["squares"], drawn["gradient"]])
    columns = np.concatenate([pictures[None], augmented(pictures, kind, VARIANTS)])
    return [
        _uri(_jpeg(column[row]), "image/jpeg") for row in range(len(pictures)) for column in columns
    ]


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else portable(value)


def _svg(figure: Figure) -> str:
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    return _uri(out.getvalue(), "image/svg+xml")


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    image = Image.fromarray(pixels)
    image.thumbnail((200, 200))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def _uri(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
