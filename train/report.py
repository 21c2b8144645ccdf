"""The page beside every model: one self-contained HTML file, to be opened from disk."""

import base64
import io
import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import keras
import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from PIL import Image

from common.card import ModelCard
from common.golden import draw
from common.images import decode, preview
from train import networks
from train.data import Photos
from train.metrics import Figures, reliability

MISTAKES = 24
TRAINING, HELD, INK = "#1f6f8b", "#d9822b", "#24323d"
matplotlib.rcParams.update(
    {
        "font.size": 9,
        "svg.fonttype": "none",  # text stays text: smaller, and readable for a screen reader
        "svg.hashsalt": "dogorcat",  # the same figures give the same file
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "#9aa7b0",
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
    }
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; color: #24323d; background: #fff;
         max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
  h1 {{ margin-bottom: 0; }} h2 {{ margin-top: 2.5rem; border-bottom: 1px solid #dde3e7; }}
  .plots {{ display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-end; }}
  img {{ max-width: 100%; height: auto; }}
  table {{ border-collapse: collapse; }}
  td, th {{ text-align: left; padding: .15rem 1.2rem .15rem 0; vertical-align: top; }}
  td.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
  .photos {{ display: flex; flex-wrap: wrap; gap: 1rem; }}
  figure {{ margin: 0; width: 8.5rem; font-size: .8rem; }}
  figure img {{ width: 8.5rem; height: 8.5rem; object-fit: contain; background: #f1f4f6; }}
  code {{ background: #f1f4f6; padding: .1rem .3rem; }}
  .quiet {{ color: #5d6d78; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


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
    parts = [_heading(card), "<h2>Figures</h2>", _figures(card, figures)]
    if history:
        parts += ["<h2>History</h2>", _plots(history_plot(history))]
    parts += [
        "<h2>Right and wrong</h2>",
        _plots(confusion_plot(card.labels, figures), reliability_plot(scores, truth)),
        "<p class=quiet>Reliability: of the verdicts given with 90 % confidence, 90 % should be"
        " right; points below the line are too sure of themselves.</p>",
        "<h2>The most confident mistakes</h2>",
        _mistakes(card, scores, truth, photos, show_photos),
    ]
    kind = card.settings.get("augment", "none")
    if kind != "none":
        parts += ["<h2>Augmentation</h2>", _augmentation(card, kind, photos, show_photos)]
    parts += [
        "<h2>Settings</h2>",
        _table((name, _text(value)) for name, value in card.settings.items()),
    ]
    page = _PAGE.format(title=escape(f"{card.name}: training report"), body="\n".join(parts))
    (folder / "index.html").write_text(page, encoding="utf-8")
    (folder / "history.json").write_text(json.dumps(list(history), indent=1) + "\n")


def history_plot(history: Sequence[dict[str, float]]) -> Figure:
    """Loss and accuracy by epoch, of the training photos and the validation share."""
    figure = Figure(figsize=(8.4, 3), layout="constrained")
    epochs = np.arange(1, len(history) + 1)
    for ax, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for prefix, label, colour in (
            ("", "training", TRAINING),
            ("val_", "validation share", HELD),
        ):
            values = [entry[prefix + name] for entry in history]
            ax.plot(epochs, values, marker=".", label=label, color=colour)
        ax.set(xlabel="epoch", ylabel=name)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        ax.legend(frameon=False)
    return figure


def confusion_plot(labels: Sequence[str], figures: Figures) -> Figure:
    """Photos by truth (row) and verdict (column)."""
    matrix = np.array(figures.confusion)
    places = range(len(labels))
    side = 2.4 + 0.45 * len(labels)
    figure = Figure(figsize=(side, side), layout="constrained")
    ax = figure.subplots()
    ax.imshow(matrix, cmap="Blues")
    ax.set(xticks=places, xticklabels=labels, xlabel="verdict")
    ax.set(yticks=places, yticklabels=labels, ylabel="truth")
    ax.tick_params(axis="x", rotation=0 if len(labels) < 4 else 45)
    for (row, column), count in np.ndenumerate(matrix):
        colour = "white" if count > matrix.max() / 2 else INK
        ax.text(column, row, str(count), ha="center", va="center", color=colour)
    return figure


def reliability_plot(scores: NDArray[np.float32], truth: NDArray[np.int64]) -> Figure:
    """Accuracy against confidence, in bins of equal mass."""
    confidence, accuracy, _ = reliability(scores, truth)
    figure = Figure(figsize=(3.8, 3.4), layout="constrained")
    ax = figure.subplots()
    low = min(confidence.min(), accuracy.min()) - 0.03
    ax.plot([low, 1], [low, 1], color="#9aa7b0", linewidth=0.8)
    ax.plot(confidence, accuracy, marker="o", markersize=4, color=TRAINING)
    ax.set(xlabel="confidence", ylabel="accuracy", xlim=(low, 1.01), ylim=(low, 1.01))
    return figure


def augmented(pictures: NDArray[np.uint8], kind: str, count: int) -> NDArray[np.uint8]:
    """What augmentation makes of pictures.

    Args:
        pictures: uint8 (batch, height, width, 3).
        kind: as `networks.augmentation` takes it.
        count: how many variants of each.

    Returns:
        uint8 (count, batch, height, width, 3).
    """
    keras.utils.set_random_seed(0)
    layers = networks.augmentation(kind)
    variants = []
    for _ in range(count):
        x = pictures.astype(np.float32)
        for layer in layers:
            x = layer(x, training=True)
        variants.append(np.asarray(keras.ops.convert_to_numpy(x)).clip(0, 255).astype(np.uint8))
    return np.stack(variants)


def _heading(card: ModelCard) -> str:
    photos = ", ".join(f"{count} {escape(label)}" for label, count in card.data.counts.items())
    return (
        f"<h1>{escape(card.name)}</h1>\n<p class=quiet>Version {escape(card.version)}, trained by"
        f" <code>{escape(card.recipe)}</code>, {card.created:%d %B %Y}, on photos of {photos}.</p>"
    )


def _figures(card: ModelCard, figures: Figures) -> str:
    source = card.metrics[0]
    return (
        f"<p>Measured on {escape(source.data)}, by <code>{escape(source.command)}</code>.</p>\n"
        + _table((name, f"{value:.4f}") for name, value in figures.flat().items())
    )


def _mistakes(
    card: ModelCard,
    scores: NDArray[np.float32],
    truth: NDArray[np.int64],
    photos: Photos,
    show: bool,
) -> str:
    wrong = np.flatnonzero(scores.argmax(axis=1) != truth)
    wrong = wrong[np.argsort(-scores[wrong].max(axis=1), kind="stable")]
    if not wrong.size:
        return f"<p>None among {len(photos)} photos.</p>"
    rest = f"<p class=quiet>{len(wrong)} of {len(photos)} photos were told wrongly.</p>"
    cells = []
    for i in wrong[:MISTAKES]:
        path = photos.paths[i]
        said = (
            f"{escape(card.labels[scores[i].argmax()])} {scores[i].max():.1%},"
            f" is {escape(card.labels[truth[i]])}"
        )
        name = escape(f"{path.parent.name}/{path.name}")
        if show:
            jpeg = preview(path.read_bytes(), 200)
            picture = f'<img src="{_uri(jpeg, "image/jpeg")}" alt="{name}">'
            cells.append(f"<figure>{picture}<figcaption>{said}<br>{name}</figcaption></figure>")
        else:
            cells.append(f"<li>{name}: {said}</li>")
    if show:
        return f"{rest}\n<div class=photos>{''.join(cells)}</div>"
    return f"{rest}\n<ul>{''.join(cells)}</ul>"


def _augmentation(card: ModelCard, kind: str, photos: Photos, show: bool) -> str:
    size = (card.input.height, card.input.width)
    if show:
        some = np.linspace(0, len(photos) - 1, 3).astype(int)
        pictures = np.stack([decode(photos.paths[i].read_bytes(), size) for i in some])
    else:
        drawn = draw(*size)
        pictures = np.stack([drawn["disc"], drawn["squares"], drawn["gradient"]])
    variants = np.concatenate([pictures[None], augmented(pictures, kind, 5)])
    cells = [
        f'<img src="{_uri(_jpeg(variants[column, row]), "image/jpeg")}" width=130 alt="">'
        for row in range(len(pictures))
        for column in range(len(variants))
    ]
    return (
        "<p>The picture itself, and what training saw in its place.</p>\n<div style='display:grid;"
        f"grid-template-columns:repeat({len(variants)},1fr);gap:.4rem'>{''.join(cells)}</div>"
    )


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _table(rows: Iterable[tuple[str, object]]) -> str:
    cells = [
        f"<tr><th>{escape(str(name))}</th><td class=number>{escape(str(value))}</td></tr>"
        for name, value in rows
    ]
    return f"<table>{''.join(cells)}</table>"


def _plots(*figures: Figure) -> str:
    images = []
    for figure in figures:
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
        images.append(f'<img src="{_uri(out.getvalue(), "image/svg+xml")}" alt="plot">')
    return f"<div class=plots>{''.join(images)}</div>"


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    image = Image.fromarray(pixels)
    image.thumbnail((200, 200))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def _uri(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
