"""Which photos of class folders may bear a wrong label, and what a person decided about each.

Every photo is scored by a logistic regression on a model's pooled features that has not seen it
(five folds), and photos are ranked by its loss: confident learning (Northcutt et al. 2021,
arXiv:1911.00068) ranks by the same self-confidence. Near-duplicates with different labels come
first, since one of the two is wrong; then photos that are unfamiliar to the model.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from common.errors import DataError
from common.file_names import portable, printable

Action = Literal["keep", "relabel", "set_aside", "delete"]
ACTIONS = ("keep", "relabel", "set_aside", "delete")
FOLDS = 5
MOST_STRANGE = 0.01
"""Share of the photos that may be said to look like nothing: wrong labels follow them."""
ASIDE = "set_aside"
"""Beside train/ and validation/: where photos go that show nothing of use, by part and class."""


@dataclass(frozen=True)
class Suspect:
    """One photo, and why it should be looked at."""

    photo: str
    """Its path below DATA, with `/`; a byte that is not UTF-8 as a surrogate."""
    part: str
    label: str
    loss: float
    """Of its label, in nats, by a model that has not seen it."""
    looks_like: str
    """The class that this model prefers."""
    twin: str | None = None
    """A near-duplicate that has another label."""
    like_nothing: bool = False
    """Whether it is unfamiliar to the model: perhaps no photo of any class."""


def out_of_fold(features: NDArray[np.float32], truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """Probabilities (photos, classes) for each photo, by a model that has not seen it.

    Args:
        features: (photos, features).
        truth: (photos,) the class of each, every class at least twice.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    folds = min(FOLDS, int(np.bincount(truth).min()))
    if folds < 2:
        raise DataError("Every class needs at least two photos to be reviewed.")
    found: NDArray[np.float64] = cross_val_predict(
        make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500)),
        np.asarray(features), truth, method="predict_proba",
        cv=StratifiedKFold(folds, shuffle=True, random_state=0),
    )  # fmt: skip
    return found


def rank(
    names: list[str],
    parts: list[str],
    classes: tuple[str, ...],
    truth: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    alike: Iterable[tuple[int, int]],
    strange: NDArray[np.float32] | None = None,
) -> list[Suspect]:
    """All photos, those first that most likely bear a wrong label.

    Near-duplicates with different labels come first, then photos that look like nothing, then the
    others by their loss.

    Args:
        names: of the photos, below DATA.
        truth: (photos,) the class of each.
        probabilities: (photos, classes), as `out_of_fold` gives them.
        alike: pairs of near-duplicates.
        strange: (photos,), how far below the line of *neither* a model's familiarity lies, 0 where
            it does not; None where the model has none.
    """
    odd = np.zeros(len(truth)) if strange is None else strange.astype(np.float64)
    if len(odd) > 1 / MOST_STRANGE:  # a line that fits other photos must not push the rest aside
        odd = np.where(odd > np.quantile(odd, 1 - MOST_STRANGE, method="lower"), odd, 0)
    losses = -np.log(np.clip(probabilities[np.arange(len(truth)), truth], 1e-12, 1))
    twins = {}
    for one, other in alike:
        if truth[one] != truth[other]:
            twins.setdefault(one, names[other])
            twins.setdefault(other, names[one])
    order = sorted(range(len(names)), key=lambda i: (i not in twins, -odd[i], -losses[i], names[i]))
    return [
        Suspect(
            names[i], parts[i], classes[truth[i]], round(float(losses[i]), 4),
            classes[int(probabilities[i].argmax())], twins.get(i), bool(odd[i] > 0),
        )
        for i in order
    ]  # fmt: skip


class Decisions:
    """What was decided, in a file of one JSON object a line; the last one for a photo counts.

    Each line is on disk before the next photo is shown, so that nothing is lost when the program
    ends. Undoing is a line, too.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lines: list[dict[str, Any]] = []
        if file.exists():
            for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
                try:
                    entry = json.loads(line)
                    _check(entry)
                except (ValueError, TypeError, KeyError) as error:
                    raise DataError(f"{file}, line {number} is no decision: {error}.") from error
                self._lines.append(entry)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """All entries, the oldest first."""
        return list(self._lines)

    def current(self) -> dict[str, dict[str, Any]]:
        """photo -> what holds of it now, in the order in which it was decided."""
        holds: list[dict[str, Any]] = []
        for entry in self._lines:
            if entry["action"] == "undo":
                if holds:
                    holds.pop()
            else:
                holds.append(entry)
        return {entry["photo"]: entry for entry in holds}

    def add(self, photo: str, action: str, label: str | None = None) -> None:
        """Record a decision; `undo` takes back the last one that still holds.

        Raises:
            ValueError: no such action, or a label where there should be none, or the reverse.
        """
        entry: dict[str, Any] = {"photo": photo, "action": action}
        if label is not None:
            entry["label"] = label
        _check(entry)
        with self.file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        self._lines.append(entry)


def apply(data: Path, decisions: Decisions) -> list[str]:
    """Carry decisions out on the photos' folder; what was carried out already is left alone.

    Returns:
        a line for each photo that was moved or deleted.

    Raises:
        DataError: a photo of a decision is outside DATA.
    """
    done = []
    for photo, entry in decisions.current().items():
        source = data / photo
        parts = Path(photo).parts
        if Path(photo).is_absolute() or ".." in parts or len(parts) < 2:
            raise DataError(f"{printable(photo)} is no photo of a class folder of {data}.")
        target = None
        # The class is the folder above the photo's own level: part/class/… or class/….
        if entry["action"] == "relabel":
            place = 1 if len(parts) > 2 and parts[0] in ("train", "validation") else 0
            label = Path(entry["label"]).name
            if label in ("", "..") or label != entry["label"]:
                raise DataError(f"{printable(entry['label'])} is no class.")
            target = data.joinpath(*parts[:place], label, *parts[place + 1 :])
        elif entry["action"] == "set_aside":
            target = data / ASIDE / photo
        if not source.is_file() or entry["action"] == "keep":
            continue
        if target is None:
            source.unlink()
            done.append(f"deleted: {portable(photo)}")
        elif target != source:
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                raise DataError(f"{printable(target)} is there already; nothing is overwritten.")
            source.rename(target)
            done.append(f"moved: {portable(photo)} to {portable(target.relative_to(data))}")
    return done


def as_json(suspects: list[Suspect]) -> list[dict[str, Any]]:
    """For the page; names as text, photos by their number."""
    return [
        {**asdict(one), "photo": portable(one.photo), "twin": one.twin and portable(one.twin)}
        for one in suspects
    ]


def _check(entry: dict[str, Any]) -> None:
    action, label = entry["action"], entry.get("label")
    if not isinstance(entry["photo"], str):
        raise ValueError("a photo's name is text")
    if action not in (*ACTIONS, "undo"):
        raise ValueError(f"{action!r} is none of {', '.join(ACTIONS)} and undo")
    if (action == "relabel") != isinstance(label, str):
        raise ValueError("relabel names a label, other actions none")
