"""A model folder, loaded and proven: pictures in, predictions out. ONNX Runtime inside."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from common.card import FILES, ModelCard, Precision, check_file, read_card
from common.cpus import has_fast_int8
from common.errors import ModelError
from common.golden import draw
from common.occlusion import occlusion

NEITHER = "neither"
SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one picture."""

    verdict: str
    """A label, `neither` where no label is in the picture, or `several` where more than one is."""
    present: tuple[str, ...]
    """The labels that are in the picture, strongest first; empty for `neither`."""
    scores: dict[str, float]
    """label -> probability 0..1, largest first; they sum to 1."""
    familiarity: float | None
    """0..1, or None where the model does not measure it."""
    heatmap: NDArray[np.float32] | None = None
    """(rows, columns) 0..1 over the whole picture: where the top label was seen. On request."""
    heatmaps: dict[str, NDArray[np.float32]] | None = None
    """For `several`, on request: label -> such a map, for each label that is present."""


class Classifier:
    """One model folder. Safe to share between threads: ONNX Runtime's `run` is."""

    card: ModelCard
    """Of the file that is run: its temperature, figures and golden vectors."""
    precision: Precision

    def __init__(
        self, card: ModelCard, session: ort.InferenceSession, precision: Precision = "float32"
    ) -> None:
        self.card = card.for_precision(precision)
        self.precision = precision
        self._session = session

    @property
    def target(self) -> tuple[int, int]:
        """(height, width) that `common.images.decode` should decode to."""
        return self.card.input.height, self.card.input.width

    @classmethod
    def load(cls, folder: Path, *, threads: int = 1, precision: Precision | None = None) -> Self:
        """Load a model folder and prove it: hash, inputs and outputs, golden vectors.

        The golden vectors are also the warm-up: what comes back from here answers at full speed.

        Args:
            folder: the model folder.
            threads: how many CPU threads one call of `predict` may use.
            precision: which of its files; the quickest for this CPU if left out.

        Raises:
            ModelError: with the folder and the reason, in one line.
        """
        card = read_card(folder)
        if precision is None:
            fast = card.int8 is not None and has_fast_int8(card.int8.weight_bits)
            precision = "int8" if fast else "float32"
        classifier = cls.load_unverified(card, folder, threads=threads, precision=precision)
        classifier._check_golden(folder)
        return classifier

    @classmethod
    def load_unverified(
        cls,
        card: ModelCard,
        folder: Path,
        *,
        threads: int = 1,
        precision: Precision = "float32",
    ) -> Self:
        """Like `load`, but with a card at hand and without asking for its golden vectors.

        For whoever is about to write those vectors.
        """
        if precision == "int8" and card.int8 is None:
            raise ModelError(
                f"Model folder {folder}: it has no 8-bit file; `python -m train quantise` makes it."
            )
        file = check_file(card, folder, FILES[precision])
        classifier = cls(card, _session(file, threads), precision)
        classifier._check_signature(folder)
        return classifier

    def run(self, pictures: NDArray[np.uint8], outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        """The graph itself.

        Args:
            pictures: uint8 (batch, height, width, 3), RGB.
            outputs: names of the card's outputs.

        Returns:
            one float32 array for each name, batch first.
        """
        results: list[NDArray[np.float32]] = self._session.run(
            list(outputs), {self.card.input.name: pictures}
        )
        return results

    def predict(self, pictures: NDArray[np.uint8], *, explain: bool = False) -> list[Prediction]:
        """Classify a batch.

        Args:
            pictures: uint8 (batch, height, width, 3), as `common.images.decode` returns them.
            explain: also return where the top label was seen: from the same pass if the model has
                class activation maps, else by occlusion, which costs 49 more.

        Returns:
            one `Prediction` for each picture, in order.
        """
        names = self.card.outputs
        wanted = [names.scores, names.familiarity, names.maps if explain else None]
        present = [name for name in wanted if name]
        found = dict(zip(present, self.run(pictures, present), strict=True))
        familiarity = found.get(names.familiarity or "")
        maps = found.get(names.maps or "")
        predictions = []
        for i, scores in enumerate(found[names.scores]):
            top = int(scores.argmax())
            evidence = None
            if explain:
                evidence = self._occlusion(pictures[i], top) if maps is None else maps[i, ..., top]
            known = None if familiarity is None else float(familiarity[i])
            predictions.append(self._prediction(scores, known, evidence))
        return predictions

    def _occlusion(self, picture: NDArray[np.uint8], label: int) -> NDArray[np.float32]:
        output = self.card.outputs.scores
        return occlusion(lambda batch: self.run(batch, [output])[0][:, label], picture)

    def _prediction(
        self,
        scores: NDArray[np.float32],
        familiarity: float | None,
        evidence: NDArray[np.float32] | None,
    ) -> Prediction:
        values = scores.tolist()
        order = sorted(range(len(values)), key=values.__getitem__, reverse=True)
        threshold = self.card.neither_threshold
        stranger = familiarity is not None and threshold is not None and familiarity < threshold
        top = self.card.labels[order[0]]
        return Prediction(
            verdict=NEITHER if stranger else top,
            present=() if stranger else (top,),
            scores={self.card.labels[i]: values[i] for i in order},
            familiarity=familiarity,
            heatmap=None if evidence is None else heatmap(evidence),
        )

    @property
    def _file(self) -> str:
        return FILES[self.precision]

    def _check_signature(self, folder: Path) -> None:
        spec, outputs = self.card.input, self.card.outputs
        inputs = {node.name: (node.type, node.shape[1:]) for node in self._session.get_inputs()}
        if inputs != {spec.name: ("tensor(uint8)", [spec.height, spec.width, 3])}:
            raise ModelError(
                f"Model folder {folder}: {self._file} takes {inputs}, not what the card says."
            )
        there = {node.name for node in self._session.get_outputs()}
        missing = {outputs.scores, outputs.familiarity, outputs.maps} - there - {None}
        if missing:
            raise ModelError(
                f"Model folder {folder}: {self._file} has no output {', '.join(map(str, missing))}."
            )

    def _check_golden(self, folder: Path) -> None:
        tolerance = self.card.files[self._file].tolerance or 0.0
        pictures = draw(*self.target)
        if set(self.card.golden) != set(pictures):
            raise ModelError(
                f"Model folder {folder}: the card has not the golden vectors {', '.join(pictures)}."
            )
        for name, values in golden_vectors(self).items():
            for output, now in values.items():
                error = golden_error(now, self.card.golden[name].get(output))
                if not error <= tolerance:
                    raise ModelError(
                        f"Model folder {folder}: {self._file} does not reproduce the golden"
                        f" vector {name}/{output}: it differs by {error:.2g}, and at most"
                        f" {tolerance:g} is allowed."
                    )


def golden_vectors(classifier: Classifier) -> dict[str, dict[str, Any]]:
    """Every output of a model for the pictures of `common.golden`, as the card stores them."""
    outputs = classifier.card.outputs
    names = [name for name in (outputs.scores, outputs.familiarity, outputs.maps) if name]
    pictures = draw(*classifier.target)
    return {
        picture: {
            name: np.round(values[0].astype(np.float64), 6).tolist()
            for name, values in zip(names, classifier.run(pixels[None], names), strict=True)
        }
        for picture, pixels in pictures.items()
    }


def heatmap(evidence: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale a class activation map to 0..1: what speaks against the label is 0, the peak is 1.

    Args:
        evidence: (rows, columns), the label's share of the logit by place (Zhou et al. 2016).
    """
    positive = np.maximum(evidence, 0)
    peak = positive.max()
    return positive / peak if peak > 0 else positive


def _session(file: Path, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors only
    try:
        return ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own types share no base class
        raise ModelError(f"Model folder {file.parent}: {file.name} cannot be loaded.") from error


def golden_error(now: Any, then: Any) -> float:
    """How far an output is from its golden vector, as a share of the largest value if above 1.

    Infinite where the card's vector is missing, has another shape or is not of numbers.
    """
    found, expected = np.asarray(now), np.asarray(then)
    if found.shape != expected.shape or not np.issubdtype(expected.dtype, np.number):
        return float("inf")
    return float(np.abs(found - expected).max() / max(1.0, np.abs(expected).max()))
