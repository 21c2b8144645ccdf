"""From when on a label counts as present, and a picture as turned: chosen on validation views."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from common.model.looks import look_closer
from common.model.prediction import Outputs
from train.photos.dataset import Photos
from train.views.features import Views

ALONE, ALIKE = 0.004, 0.03
"""Share of the views of one photo, and of two of the same label, that may be called several."""
UPRIGHT = 0.01
"""Share of the upright views that may be looked at turned, too."""
VIEWS, EACH = 800, 8
"""Of each kind, and how many for each photo at most."""
BATCH = 16


def look_thresholds(
    photos: Photos,
    size: tuple[int, int],
    seed: int,
    ask: Callable[[NDArray[np.uint8]], list[Outputs]],
) -> tuple[float, float]:
    """Choose for one file of a model, as it will be asked by the service.

    Args:
        photos: validation photos of the labels.
        size: (height, width) of the pictures.
        seed: of the views.
        ask: the model, for uint8 (batch, height, width, 3): scores, presence, turn and maps.

    Returns:
        the presence from which on a second label counts, so that few views of one label reach it;
        the likelihood from which on a picture is looked at turned, as few upright views reach it.
    """
    views = Views(photos, None, size, seed)
    alone, upright = _second_and_turn(views, "one of the labels", ask)
    alike, _ = _second_and_turn(views, "a label twice", ask)
    present = max(np.quantile(alone, 1 - ALONE), np.quantile(alike, 1 - ALIKE))
    return round(float(present), 4), round(float(np.quantile(upright, 1 - UPRIGHT)), 4)


def _second_and_turn(
    views: Views, shows: str, ask: Callable[[NDArray[np.uint8]], list[Outputs]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Presence of the second label in each view, and likelihood of a turn in the upright ones."""
    seconds, turns = [], []
    count = min(VIEWS, EACH * len(views.photos))
    for start in tqdm(range(0, count, BATCH), f"Views: {shows}", unit="batch", leave=False):
        drawn = [views.draw(i, shows) for i in range(start, min(start + BATCH, count))]
        seen = ask(np.stack([view.pixels for view in drawn]))
        turns += [
            one.turn[1:].max()
            for view, one in zip(drawn, seen, strict=True)
            if view.turn == 0 and one.turn is not None
        ]
        closer = look_closer(lambda i, drawn=drawn: drawn[i].pixels, seen, ask)
        seconds += [np.sort(one.presence)[-2] for one in closer if one.presence is not None]
    return np.array(seconds), np.array(turns)
