"""The 8-bit file of a model folder: its graph, its choices, its golden vectors."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from common.errors import ModelError
from common.model.card import (
    INT8,
    FileSpec,
    Int8,
    Metric,
    ModelCard,
    sha256_of,
)
from common.model.classifier import Classifier, golden_vectors
from train.calibration.calibration import fit_offset, fit_temperature
from train.calibration.look_thresholds import look_thresholds
from train.export.bias_correction import Feed, correct_biases
from train.export.exact_sums import make_sums_exact
from train.export.graph import adjust, outside_of_convolutions
from train.export.onnx_export import no_advice
from train.measure.evaluation import answers, label_indices
from train.measure.metrics import Figures
from train.photos.dataset import Photos, Pixels

CALIBRATION = 256
"""Training photos that the ranges are measured on, spread evenly."""
QUANTISED = ["Conv", "Add", "Clip"]
LOST_PER_1000 = 2.0
"""Net verdicts that may be lost of 1,000 photos that were not learned from."""
VIEWS_SEED = 2
"""Of the views of validation photos that thresholds are chosen on."""
TOLERANCE = 0.01
"""Of the golden vectors: with 7-bit weights kernels without AVX differ by less than 1e-6 from those
with VNNI, and a file with one changed layer by far more."""


def quantise(source: Path, target: Path, pictures: Pixels, name: str) -> None:
    """Write the graph of `source` with its convolutions in 8 bits.

    Weights are symmetric, one scale for each output channel; activations have one range each
    (Jacob et al. 2018, arXiv:1712.05877). Weights use 7 of their 8 bits: CPUs without VNNI add
    pairs of products in 16 bits, and two products of full range do not fit. What rounding them adds
    on average is taken out of the biases.

    Args:
        pictures: the ranges of the activations are measured on these.
        name: of the graph's input.
    """
    feeds = [{name: pictures(np.array([i]))} for i in range(len(pictures.photos))]
    with no_advice():
        optimised = target.with_suffix(".optimised.onnx")
        quant_pre_process(source, optimised, skip_symbolic_shape=True)
        model = onnx.load(optimised)
        quantize_static(
            optimised,
            target,
            _Calibration(feeds),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=QUANTISED,
            nodes_to_exclude=outside_of_convolutions(model.graph, "Add"),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            reduce_range=True,
        )
        make_sums_exact(target)
        correct_biases(optimised, target, feeds)


def fit(card: ModelCard, folder: Path, validation: Photos) -> ModelCard:
    """Choose temperature, the line of *neither* and thresholds for the 8-bit file of `folder`.

    The first two become part of the file's graph.

    Returns:
        the card with the file described, still without figures and golden vectors.
    """
    raw = described(card, folder)
    classifier = Classifier.load_unverified(raw, folder, precision="int8")
    scores, familiarity = answers(classifier, validation)
    logits = np.log(np.maximum(scores, 1e-30)) * card.temperature
    temperature = fit_temperature(logits, label_indices(card, validation))
    learned = card.outputs.presence is not None
    shift = 0.0 if familiarity is None else fit_offset(familiarity, learned=learned)
    adjust(folder / INT8, card, card.temperature / temperature, shift)
    card = described(card.model_copy(update={"int8": Int8(temperature=temperature)}), folder)
    if learned and card.int8:
        ask = Classifier.load_unverified(card, folder, precision="int8").outputs
        present, turned = look_thresholds(validation, classifier.target, VIEWS_SEED, ask)
        chosen = {"present_threshold": present, "turn_threshold": turned}
        card = described(card.with_int8(card.int8.model_copy(update=chosen)), folder)
    return card


def described(card: ModelCard, folder: Path, metrics: tuple[Metric, ...] = ()) -> ModelCard:
    """The card with the 8-bit file of `folder` as it is now: hash, tolerance, golden vectors."""
    chosen = card.int8 or Int8(temperature=card.temperature)
    spec = FileSpec(sha256=sha256_of(folder / INT8), tolerance=TOLERANCE)
    int8 = Int8(
        temperature=chosen.temperature,
        neither_threshold=card.neither_threshold,
        present_threshold=chosen.present_threshold or card.present_threshold,
        turn_threshold=chosen.turn_threshold or card.turn_threshold,
        metrics=metrics,
        weight_bits=7,
    )
    card = card.model_copy(update={"files": card.files | {INT8: spec}, "int8": int8})
    golden = golden_vectors(Classifier.load_unverified(card, folder, precision="int8"))
    return card.with_int8(int8.model_copy(update={"golden": golden}))


class _Calibration(CalibrationDataReader):  # type: ignore[misc]
    """Pictures one by one, as the quantiser wants them."""

    def __init__(self, feeds: Iterable[Feed]) -> None:
        self._feeds = iter(feeds)

    def get_next(self) -> Feed | None:
        return next(self._feeds, None)


def spread_evenly(photos: Photos) -> Photos:
    return photos.select(np.unique(np.linspace(0, len(photos) - 1, CALIBRATION).astype(int)))


def refuse_if_worse(before: Sequence[Figures], after: Sequence[Figures]) -> None:
    """Refuse a file that loses too many verdicts.

    Args:
        before: of the float file, on each set of photos that was not learned from.
        after: of the 8-bit file, on the same.

    Raises:
        ModelError: it loses more than `LOST_PER_1000` over all sets, and more than one.
    """
    photos = sum(figures.photos for figures in after)
    right = [round(sum(one.accuracy * one.photos for one in sets)) for sets in (before, after)]
    lost = right[0] - right[1]
    if lost > max(1, LOST_PER_1000 / 1000 * photos):
        raise ModelError(
            f"The 8-bit file is not kept: it loses {lost} verdicts of {photos}, and at most"
            f" {LOST_PER_1000:g} of 1,000 may be lost."
        )
