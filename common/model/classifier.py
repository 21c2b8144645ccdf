"""Loads and verifies a model folder, and predicts what pictures show. ONNX Runtime inside."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from common.cpus import has_fast_int8
from common.errors import ModelError
from common.model.card import FILES, ModelCard, Precision, check_file, read_card
from common.model.golden import draw
from common.model.looks import Look, another_look, look_closer
from common.model.occlusion import occlusion
from common.model.prediction import Outputs, Prediction, predict, present_labels


@dataclass(frozen=True, slots=True)
class _Seen:
    """A picture in the way that it was looked at, and what the model put out for it."""

    picture: NDArray[np.uint8]
    outputs: Outputs
    look: Look | None = None
    """That way, where it is not how the picture came."""


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
        """Load a model folder and verify it: hash, inputs and outputs, golden vectors.

        The golden vectors are also the warm-up: the classifier answers at full speed at once.

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
        seen = self._upright_and_unframed(pictures, maps=explain)
        outputs = look_closer(
            lambda i: seen[i].picture, [one.outputs for one in seen], self.outputs
        )
        predictions = []
        for one, found in zip(seen, outputs, strict=True):
            evidence = self._evidence(one.picture, found) if explain else None
            prediction = predict(self.card, found, evidence)
            predictions.append(one.look.over_whole(prediction) if one.look else prediction)
        return predictions

    def _upright_and_unframed(self, pictures: NDArray[np.uint8], *, maps: bool) -> list[_Seen]:
        """Pictures as they came, or turned upright or without their frame where that says more."""
        seen = [
            _Seen(picture, outputs)
            for picture, outputs in zip(pictures, self.outputs(pictures, maps=maps), strict=True)
        ]
        looks = {
            i: look
            for i, one in enumerate(seen)
            if one.outputs.familiarity is not None
            and (look := another_look(one.picture, one.outputs, self.card.turn_threshold))
        }
        if looks:
            views = np.stack([look.apply(pictures[i]) for i, look in looks.items()])
            again = self.outputs(views, maps=maps)
            for (i, look), view, outputs in zip(looks.items(), views, again, strict=True):
                if (outputs.familiarity or 0.0) > (seen[i].outputs.familiarity or 0.0):
                    seen[i] = _Seen(view, outputs, look)
        return seen

    def outputs(self, pictures: NDArray[np.uint8], *, maps: bool = False) -> list[Outputs]:
        """What the graph puts out for pictures, one by one.

        Args:
            pictures: uint8 (batch, height, width, 3).
            maps: whether class activation maps are wanted; a model that tells which labels are
                present puts them out in any case, to be looked at closer.
        """
        names = self.card.outputs
        maps = maps or names.presence is not None
        wanted = {
            "scores": names.scores,
            "familiarity": names.familiarity,
            "presence": names.presence,
            "turn": names.turn,
            "maps": names.maps if maps else None,
        }
        there = {what: name for what, name in wanted.items() if name}
        found = dict(zip(there, self.run(pictures, list(there.values())), strict=True))
        rows = (dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True))
        return [
            Outputs(**row | {"familiarity": float(row["familiarity"])})
            if "familiarity" in row
            else Outputs(**row)
            for row in rows
        ]

    def _evidence(
        self, picture: NDArray[np.uint8], outputs: Outputs
    ) -> dict[int, NDArray[np.float32]]:
        """Index of the top label, and of each that is present -> where it was seen."""
        labels = {int(outputs.scores.argmax()), *present_labels(self.card, outputs)}
        if outputs.maps is None:
            return {label: self._occlusion(picture, label) for label in labels}
        return {label: outputs.maps[..., label] for label in labels}

    def _occlusion(self, picture: NDArray[np.uint8], label: int) -> NDArray[np.float32]:
        output = self.card.outputs.scores
        return occlusion(lambda batch: self.run(batch, [output])[0][:, label], picture)

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
        missing = set(outputs.all()) - there
        if missing:
            raise ModelError(
                f"Model folder {folder}: {self._file} has no output {', '.join(sorted(missing))}."
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
    """Every output of a model for the golden pictures, as the card stores them."""
    names = classifier.card.outputs.all()
    pictures = draw(*classifier.target)
    return {
        picture: {
            name: np.round(values[0].astype(np.float64), 6).tolist()
            for name, values in zip(names, classifier.run(pixels[None], names), strict=True)
        }
        for picture, pixels in pictures.items()
    }


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
