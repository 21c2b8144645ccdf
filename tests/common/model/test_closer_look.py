"""A further label in a part of a picture: when it is looked for, where, and what then counts."""

import numpy as np
import pytest

from common.model.looks import PERHAPS, look_closer
from common.model.prediction import Outputs

SIDE = 36
"""Pixels of a picture's side; its maps have 9 places a side, of 4 pixels each."""


def outputs(
    presence: list[float], where: tuple[int, int] = (0, 0), scores: list[float] | None = None
) -> Outputs:
    """Evidence for all labels but the first at one place, and for the first everywhere else."""
    maps = np.zeros((9, 9, len(presence)), np.float32)
    maps[..., 0] = 4
    maps[where] = [0, *([8] * (len(presence) - 1))]
    found = np.array(scores or presence, np.float32)
    return Outputs(found, 0.9, np.array(presence, np.float32), None, maps)


@pytest.mark.parametrize("row", [0, 4, 8])
@pytest.mark.parametrize("column", [0, 4, 8])
def test_it_looks_where_the_evidence_is(row: int, column: int) -> None:
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    picture[4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = 255
    asked: list[np.ndarray] = []

    def ask(pictures: np.ndarray) -> list[Outputs]:
        asked.extend(pictures)
        return [outputs([0.01, 0.99])] * len(pictures)

    look_closer(lambda i: picture, [outputs([0.9, 0.4], (row, column))], ask)
    (part,) = asked
    assert part.shape == picture.shape
    assert (part > 128).mean() > 2 * (picture > 128).mean()  # enlarged, and all of it there


@pytest.mark.parametrize(
    ("whole", "part", "score", "is_there"),
    [
        (0.4, 0.99, 0.99, True),
        (0.4, 0.02, 0.05, False),
        (0.99, 0.9, 0.9, True),
        (0.99, 0.1, 0.1, False),
        (0.4, 0.6, 0.2, False),
        (1.0, 1.0, 1.0, True),
        (PERHAPS, 0.0, 0.0, False),
    ],
)
def test_whole_and_part_count_together(
    whole: float, part: float, score: float, is_there: bool
) -> None:
    said = outputs([0.01, part], scores=[1 - score, score])
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    (found,) = look_closer(lambda i: picture, [outputs([1.0, whole])], lambda pictures: [said])
    assert found.presence is not None
    assert found.presence[0] == 1
    assert (found.presence[1] > 0.7) is np.bool_(is_there)
    assert 0 <= found.presence[1] <= 1


@pytest.mark.parametrize(
    "one",
    [
        outputs([0.99, PERHAPS - 0.01]),
        outputs([0.05, 0.1]),
        Outputs(np.array([0.9, 0.1], np.float32)),
        Outputs(np.array([0.9, 0.1], np.float32), presence=np.array([0.9, 0.8], np.float32)),
    ],
    ids=["one label", "no label", "a model without presence", "a model without maps"],
)
def test_without_a_reason_nothing_is_asked(one: Outputs) -> None:
    def ask(pictures: np.ndarray) -> list[Outputs]:
        raise AssertionError("not to be asked")

    assert look_closer(lambda i: np.zeros((SIDE, SIDE, 3), np.uint8), [one], ask) == [one]


def test_each_further_label_of_each_picture_is_looked_for() -> None:
    numbers = []

    def ask(pictures: np.ndarray) -> list[Outputs]:
        numbers.extend(pictures[:, 0, 0, 0].tolist())
        return [outputs([0.01, 0.99, 0.99])] * len(pictures)

    seen = [outputs([0.9, 0.3, 0.05]), outputs([0.9, 0.05, 0.05]), outputs([0.9, 0.3, 0.3])]
    found = look_closer(lambda i: np.full((SIDE, SIDE, 3), i, np.uint8), seen, ask)
    assert numbers == [0, 2, 2]
    presence = np.stack([one.presence for one in found])
    assert (presence > 0.7).tolist() == [
        [True, True, False],
        [True, False, False],
        [True, True, True],
    ]
    assert seen[0].presence is not None
    assert seen[0].presence[1] == np.float32(0.3)  # what came in is not changed
