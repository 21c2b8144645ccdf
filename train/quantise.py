"""Put the same network into 8 bits beside the float file: half the time on CPUs that can.

    python -m train quantise models/pets --data DATA
    python -m train quantise models/cat_dog --data DATA --held SHELTER:0.5

Convolutions and what lies between them go to 8 bits, per channel; the head, the familiarity and
the maps stay in float. The first convolution reads the pixels as they come. Ranges are calibrated
on training photos; temperature and the line of *neither* are fitted again on the held ones, those
that training chose on. The figures on DATA/validation go into the card, of both files. Takes a
minute for MobileNetV2.

The service takes the 8-bit file where the CPU has instructions for it (VNNI, dot products) and
the float one elsewhere; PRECISION says otherwise.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from common.card import (
    INT8,
    ONNX,
    FileSpec,
    Int8,
    Metric,
    ModelCard,
    read_card,
    sha256_of,
    write_card,
)
from common.classifier import Classifier, golden_vectors
from common.errors import ModelError
from train import arguments
from train.choices import fit_offset, fit_temperature
from train.data import Photos, Pixels, part, scan, union
from train.evaluate import answers, label_indices, table
from train.export import no_advice
from train.graph import adjust, outside_of_convolutions
from train.metrics import Figures, measure
from train.pixels import read_groups, read_whole_pixels, skip_to_pixels

CALIBRATION = 256
"""Training photos that the ranges are measured on, spread evenly."""
QUANTISED = ["Conv", "Add", "Clip"]
LOST_PER_1000 = 2.0
"""Net verdicts that may be lost of 1,000 validation photos."""
LEAST_TOLERANCE = 0.01
"""Of the golden vectors."""
HELD_SHARE = 0.1
"""Of DATA/train, as recipes hold it where they are not told otherwise."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", type=Path, help="a model folder, for example models/cat_dog")
    arguments.data(parser)
    add(
        "--held",
        type=arguments.held,
        action="append",
        default=[],
        metavar="FOLDER[:SHARE]",
        help="class folders on which training made its choices, as it was told; without, the"
        " tenth of DATA/train that a recipe holds",
    )


def run(args: argparse.Namespace) -> int:
    card = read_card(args.model)
    train, held = _photos(args)
    validation = scan(args.data / "validation")
    floats = Classifier.load(args.model, precision="float32")
    before = _figures(floats, validation)
    with tempfile.TemporaryDirectory(dir=args.model.parent, prefix=f".{args.model.name}.") as name:
        half = Path(name)
        pictures = Pixels(_some(train), floats.target)
        quantise(args.model / ONNX, half / INT8, pictures, floats.card.input.name)
        card = fit(card, half, held)
        after = _figures(Classifier.load_unverified(card, half, precision="int8"), validation)
        print(f"float32\n{table(before)}\n\nint8\n{table(after)}")
        refuse_if_worse(before, after)
        card = described(card, half, _metrics(after, args.model.name))
        (half / INT8).replace(args.model / INT8)
        write_card(card, args.model)
    Classifier.load(args.model, precision="int8")  # what the service will do
    print(f"\n{args.model / INT8} is ready.", file=sys.stderr)
    return 0


def quantise(source: Path, target: Path, pictures: Pixels, name: str) -> None:
    """Write the graph of `source` with its convolutions in 8 bits.

    Weights are symmetric, one scale for each output channel; activations have one range each
    (Jacob et al. 2018, arXiv:1712.05877).

    Args:
        pictures: the ranges of the activations are measured on these.
        name: of the graph's input.
    """
    with no_advice():
        optimised = target.with_suffix(".optimised.onnx")
        quant_pre_process(source, optimised, skip_symbolic_shape=True)
        model = onnx.load(optimised)
        pixels = read_whole_pixels(model.graph, name)
        onnx.save(model, optimised)
        quantize_static(
            optimised,
            target,
            _Calibration(pictures, name),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=QUANTISED,
            nodes_to_exclude=outside_of_convolutions(model.graph, "Add"),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            extra_options={"TensorQuantOverrides": _range_of(pixels)},
        )
        if pixels:
            model = onnx.load(target)
            skip_to_pixels(model.graph, name, pixels[0])
            read_groups(model.graph, name)
            onnx.save(model, target)


def _range_of(pixels: tuple[str, float, int] | None) -> dict[str, list[dict[str, Any]]]:
    """What the quantiser is told of the first convolution's input, where that is known."""
    if pixels is None:
        return {}
    tensor, scale, zero = pixels
    spec = {"scale": np.array(scale, np.float32), "zero_point": np.array(zero, np.uint8)}
    return {tensor: [{"quant_type": QuantType.QUInt8, **spec}]}


def fit(card: ModelCard, folder: Path, held: Photos) -> ModelCard:
    """Choose temperature and the line of *neither* for the 8-bit file of `folder` on held photos.

    Both become part of the file's graph.

    Returns:
        the card with the file described, still without figures and golden vectors.
    """
    raw = described(card, folder)
    classifier = Classifier.load_unverified(raw, folder, precision="int8")
    scores, familiarity = answers(classifier, held)
    logits = np.log(np.maximum(scores, 1e-30)) * card.temperature
    temperature = fit_temperature(logits, label_indices(card, held))
    shift = 0.0 if familiarity is None else fit_offset(familiarity)
    adjust(folder / INT8, card, card.temperature / temperature, shift)
    return described(card.model_copy(update={"int8": Int8(temperature=temperature)}), folder)


def described(card: ModelCard, folder: Path, metrics: tuple[Metric, ...] = ()) -> ModelCard:
    """The card with the 8-bit file of `folder` as it is now: hash, tolerance, golden vectors."""
    temperature = card.int8.temperature if card.int8 else card.temperature
    spec = FileSpec(sha256=sha256_of(folder / INT8), tolerance=LEAST_TOLERANCE)
    int8 = Int8(temperature=temperature, neither_threshold=card.neither_threshold, metrics=metrics)
    card = card.model_copy(update={"files": card.files | {INT8: spec}, "int8": int8})
    golden = golden_vectors(Classifier.load_unverified(card, folder, precision="int8"))
    tolerance = max(LEAST_TOLERANCE, 2 * _apart(card, folder, golden))
    spec = spec.model_copy(update={"tolerance": round(tolerance, 4)})
    int8 = int8.model_copy(update={"golden": golden})
    return card.model_copy(update={"files": card.files | {INT8: spec}, "int8": int8})


def _apart(card: ModelCard, folder: Path, golden: dict[str, dict[str, Any]]) -> float:
    """How far golden vectors move with kernels that round elsewhere: those without any fusion.

    What another CPU's kernels do lies in the same range.
    """
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = ort.InferenceSession(str(folder / INT8), options, providers=["CPUExecutionProvider"])
    other = golden_vectors(Classifier(card, session, "int8"))
    found = 0.0
    for picture, outputs in golden.items():
        for output, values in outputs.items():
            then, now = np.asarray(values), np.asarray(other[picture][output])
            found = max(found, float(np.abs(now - then).max() / max(1.0, np.abs(then).max())))
    return found


class _Calibration(CalibrationDataReader):  # type: ignore[misc]
    """Pictures one by one, as the quantiser wants them."""

    def __init__(self, pictures: Pixels, name: str) -> None:
        self._feeds: Iterator[dict[str, NDArray[np.uint8]]] = (
            {name: pictures(np.array([i]))} for i in range(len(pictures.photos))
        )

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        return next(self._feeds, None)


def _photos(args: argparse.Namespace) -> tuple[Photos, Photos]:
    """The photos that ranges are measured on, and those that choices are made on."""
    every = scan(args.data / "train")
    if not args.held:
        return every.split(HELD_SHARE)
    held = union([part(scan(folder), share) for folder, share in args.held])
    return every.without(held), held


def _some(photos: Photos) -> Photos:
    return photos.select(np.unique(np.linspace(0, len(photos) - 1, CALIBRATION).astype(int)))


def _figures(classifier: Classifier, photos: Photos) -> Figures:
    scores, _ = answers(classifier, photos)
    return measure(scores, label_indices(classifier.card, photos), classifier.card.labels)


def refuse_if_worse(before: Figures, after: Figures) -> None:
    lost = round((before.accuracy - after.accuracy) * after.photos)
    if lost > max(1, LOST_PER_1000 / 1000 * after.photos):
        raise ModelError(
            f"The 8-bit file is not kept: it loses {lost} verdicts of {after.photos}, and at most"
            f" {LOST_PER_1000:g} of 1,000 may be lost."
        )


def _metrics(figures: Figures, name: str) -> tuple[Metric, ...]:
    command = f"python -m train evaluate models/{name} DATA/validation --precision int8"
    data = f"DATA/validation, {figures.photos} photos"
    return tuple(
        Metric(name=metric, value=round(value, 6), data=data, command=command)
        for metric, value in figures.flat().items()
    )
