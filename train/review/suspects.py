"""Which photos of class folders may bear a wrong label.

Every photo is scored by a logistic regression on a model's pooled features that has not seen it
(five folds), and photos are ranked by its loss: confident learning (Northcutt et al. 2021,
arXiv:1911.00068) ranks by the same self-confidence. Near-duplicates with different labels come
first, since one of the two is wrong; then photos that are unfamiliar to the model.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.errors import DataError
from common.file_names import portable

FOLDS = 5
MOST_STRANGE = 0.01
"""Share of the photos that may be said to look like nothing: wrong labels follow them."""


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


def as_json(suspects: list[Suspect]) -> list[dict[str, Any]]:
    """For the page; names as text, photos by their number."""
    return [
        {**asdict(one), "photo": portable(one.photo), "twin": one.twin and portable(one.twin)}
        for one in suspects
    ]
