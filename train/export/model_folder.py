"""From a trained network to a model folder: exported, proven, measured, and in place at once."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from common.atomic import new_folder
from common.errors import DataError
from common.model.card import (
    ONNX,
    DataFingerprint,
    FileSpec,
    InputSpec,
    Metric,
    ModelCard,
    OutputSpec,
    Pretrained,
    sha256_of,
    write_card,
)
from common.model.classifier import Classifier, golden_vectors
from common.model.golden import draw
from train.adopt.foreign_graph import ForeignGraph
from train.calibration.calibration import FAMILIARITY, Calibration
from train.export.onnx_export import check_parity, to_onnx
from train.learning.settings import refuse_to_replace
from train.measure.evaluation import answers, label_indices
from train.measure.metrics import Figures, measure
from train.networks.parts import serving
from train.photos.dataset import Photos, Pixels
from train.report.gallery import Answers
from train.report.report import Training, WarmStart, write_report

KERAS, WEIGHTS = "model.keras", "model.weights.h5"
TOLERANCE = 1e-3
"""Of the golden vectors: 32-bit kernels of different CPUs round differently; maps reach tens."""
PARITY_PHOTOS = 32
LEARNED = 2000
"""Training photos that the report looks at, spread evenly: more only take time."""


@dataclass
class TrainedModel:
    """A trained network and everything the card says of it."""

    model: keras.Model | ForeignGraph
    """Pictures in, logits out; or a whole graph, which cannot be trained further."""
    recipe: str
    settings: dict[str, Any]
    labels: tuple[str, ...]
    data: DataFingerprint
    description: str = ""
    pretrained: Pretrained | None = None
    history: list[dict[str, float]] = field(default_factory=list)
    warm: WarmStart | None = None
    learned: Photos | None = None
    """What it learned from, where these photos are at hand."""
    others: Photos | None = None
    """Photos of other things that it did not learn from."""
    calibration: Calibration = field(default_factory=Calibration)


def write_folder(
    trained: TrainedModel,
    out: Path,
    version: str,
    photos: Photos | None,
    *,
    overwrite: bool = False,
    show_photos: bool = True,
    source: str = "DATA/validation",
) -> Figures | None:
    """Write a model folder that `common.model.classifier` accepts, or none at all.

    Args:
        out: the folder to write; its name is the model's.
        photos: to prove the export and to report on; touched by no choice. Without, the export
            is proven on drawn pictures, and nothing is reported.
        overwrite: replace a folder that is there.
        show_photos: whether the report may show photos.
        source: what the card calls these photos.

    Returns:
        the figures on `photos`, of the very file that will be served.

    Raises:
        ModelError: the outputs of the export differ from Keras's.
        DataError: the folder is there, or cannot be written.
    """
    refuse_to_replace(out, overwrite=overwrite)
    try:
        with new_folder(out, overwrite=overwrite) as half:
            return _fill(half, trained, out.name, version, photos, show_photos, source)
    except OSError as error:
        raise DataError(f"{out} could not be written: {error.strerror or error}.") from error


def _fill(
    folder: Path,
    trained: TrainedModel,
    name: str,
    version: str,
    photos: Photos | None,
    show_photos: bool,
    source: str,
) -> Figures | None:
    """Write all files of a model folder, and prove that the service will load it."""
    calibration = trained.calibration
    size, outputs = _write_network(trained, folder, photos)
    files = {
        file: FileSpec(sha256=sha256_of(folder / file))
        for file in (KERAS, WEIGHTS, FAMILIARITY)
        if (folder / file).exists()
    } | {ONNX: FileSpec(sha256=sha256_of(folder / ONNX), tolerance=TOLERANCE)}
    card = ModelCard(
        name=name,
        version=version,
        created=datetime.now(UTC).replace(microsecond=0),
        labels=trained.labels,
        description=trained.description,
        input=InputSpec(height=size[0], width=size[1]),
        outputs=outputs,
        recipe=trained.recipe,
        settings=trained.settings,
        data=trained.data,
        temperature=calibration.temperature,
        neither_threshold=calibration.threshold,
        present_threshold=calibration.present_threshold,
        turn_threshold=calibration.turn_threshold,
        pretrained=trained.pretrained,
        files=files,
    )
    classifier = Classifier.load_unverified(card, folder)
    card = card.model_copy(update={"golden": golden_vectors(classifier)})
    figures = None
    if photos:
        scores, familiarity = answers(classifier, photos)
        truth = label_indices(card, photos)
        figures = measure(scores, truth, trained.labels)
        card = card.model_copy(update={"metrics": _metrics(figures, name, source)})
        learned = trained.learned and _asked(classifier, card, trained.learned)
        others = answers(classifier, trained.others)[1] if trained.others else None
        write_report(
            folder / "report",
            card,
            classifier,
            figures,
            Answers(photos, scores, truth, familiarity),
            Training(trained.history, trained.warm, learned, others),
            show_photos=show_photos,
        )
    write_card(card, folder)
    Classifier.load(folder)  # what the service will do; refuses here rather than there
    return figures


def _write_network(
    trained: TrainedModel, folder: Path, photos: Photos | None
) -> tuple[tuple[int, int], OutputSpec]:
    """Write and prove `model.onnx`, and what training could go on from, if there is such.

    Returns:
        (height, width) of the pictures, and the outputs.
    """
    if isinstance(trained.model, ForeignGraph):  # proven against its original when it was made
        trained.model.write(folder)
        return (trained.model.side, trained.model.side), OutputSpec()
    calibration = trained.calibration
    familiarity = calibration.familiarity and calibration.familiarity.output(trained.model)
    graph = serving(trained.model, calibration.temperature, familiarity)
    to_onnx(graph, folder / ONNX)
    height, width = graph.inputs[0].shape[1:3]
    check_parity(graph, folder / ONNX, _some_pictures(photos, (height, width)))
    trained.model.save(folder / KERAS)
    trained.model.save_weights(folder / WEIGHTS)
    calibration.save(folder)
    return (height, width), OutputSpec(**{name: name for name in graph.output})


def _asked(classifier: Classifier, card: ModelCard, photos: Photos) -> Answers:
    """What a model says of photos that it has learned from."""
    some = photos.select(np.unique(np.linspace(0, len(photos) - 1, LEARNED).astype(int)))
    return Answers(some, answers(classifier, some)[0], label_indices(card, some))


def _some_pictures(photos: Photos | None, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Real photos, spread over what there is; drawn pictures where there are none."""
    if photos is None:
        return np.stack(list(draw(*size).values()))
    some = np.linspace(0, len(photos) - 1, min(PARITY_PHOTOS, len(photos))).astype(int)
    return Pixels(photos, size)(some)


def _metrics(figures: Figures, name: str, source: str) -> tuple[Metric, ...]:
    command = f"python -m train evaluate models/{name} {source}"
    data = f"{source}, {figures.photos} photos"
    return tuple(
        Metric(name=metric, value=round(value, 6), data=data, command=command)
        for metric, value in figures.flat().items()
    )
