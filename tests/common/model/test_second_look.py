"""Pictures that lie on their side or sit in a frame, and how they are looked at again."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from common.model.looks import Look, another_look, find_frame
from common.model.prediction import Outputs

SIDE = 120


def photo(width: int, height: int) -> Image.Image:
    """Something with detail everywhere."""
    random = np.random.default_rng(1)
    mottled = random.integers(0, 256, (height // 3 + 1, width // 3 + 1, 3)).astype(np.uint8)
    return Image.fromarray(mottled).resize((width, height), Image.Resampling.BICUBIC)


def framed(box: tuple[int, int, int, int], paper: str = "white") -> NDArray[np.uint8]:
    """A photo in a box (left, top, right, bottom) of a plain picture, with a few lines of text."""
    screen = Image.new("RGB", (SIDE, SIDE), paper)
    draw = ImageDraw.Draw(screen)
    draw.text((8, 2), "12:45", fill="grey")
    draw.rectangle((90, 4, 100, 8), outline="grey")
    left, top, right, bottom = box
    screen.paste(photo(right - left, bottom - top), (left, top))
    return np.asarray(screen)


def under_a_sky() -> NDArray[np.uint8]:
    """A photo whose upper part changes slowly: plain from each pixel to the next, but no frame."""
    picture = np.array(photo(SIDE, SIDE))
    picture[:50] = np.linspace(120, 220, SIDE).astype(np.uint8)[None, :, None]
    return picture


def said(
    score: float = 0.9999, familiarity: float = 0.9999, **more: NDArray[np.float32]
) -> Outputs:
    """The outputs of a model that is sure."""
    return Outputs(np.array([score, 1 - score], np.float32), familiarity, **more)


@pytest.mark.parametrize("paper", ["white", "black", "#203040"])
@pytest.mark.parametrize(
    "box", [(0, 36, 120, 84), (10, 30, 110, 100), (30, 0, 90, 120), (40, 40, 110, 110)]
)
def test_a_photo_in_a_frame_is_found(box: tuple[int, int, int, int], paper: str) -> None:
    found = find_frame(framed(box, paper))
    assert found is not None
    left, top, width, height = (round(share * SIDE) for share in found)
    expected = (box[0], box[1], box[2] - box[0], box[3] - box[1])
    assert (left, top, width, height) == pytest.approx(expected, abs=4)


@pytest.mark.parametrize(
    "picture",
    [
        np.asarray(photo(SIDE, SIDE)),
        np.full((SIDE, SIDE, 3), 255, np.uint8),
        framed((50, 50, 60, 60)),
        framed((2, 2, 118, 118)),
        under_a_sky(),
    ],
    ids=["without a frame", "plain", "too small", "hardly a frame", "under a sky"],
)
def test_what_has_no_frame(picture: NDArray[np.uint8]) -> None:
    assert find_frame(picture) is None


# left, top, right, bottom of each photo
COLLAGES = {
    "side by side": [(0, 0, 56, 120), (64, 0, 120, 120)],
    "one above the other": [(0, 0, 120, 56), (0, 64, 120, 120)],
    "in a border": [(8, 30, 56, 90), (64, 30, 112, 90)],
    "of two sizes": [(0, 0, 76, 120), (84, 0, 120, 120)],
    "three in a row": [(0, 40, 36, 80), (42, 40, 78, 80), (84, 40, 120, 80)],
    "four": [(0, 0, 56, 56), (64, 0, 120, 56), (0, 64, 56, 120), (64, 64, 120, 120)],
    "one large and two small": [(0, 0, 76, 120), (84, 0, 120, 56), (84, 64, 120, 120)],
}


@pytest.mark.parametrize("paper", ["white", "black"])
@pytest.mark.parametrize("name", COLLAGES)
def test_no_photo_of_a_collage_is_taken_alone(name: str, paper: str) -> None:
    """All of them are what was sent; a border around them may go."""
    screen = Image.new("RGB", (SIDE, SIDE), paper)
    for left, top, right, bottom in COLLAGES[name]:
        screen.paste(photo(right - left, bottom - top), (left, top))
    found = find_frame(np.asarray(screen))
    if found is not None:
        left, top, width, height = (round(share * SIDE) for share in found)
        lefts, tops, rights, bottoms = zip(*COLLAGES[name], strict=True)
        assert left <= min(lefts) + 2
        assert top <= min(tops) + 2
        assert left + width >= max(rights) - 2
        assert top + height >= max(bottoms) - 2


def test_turned_pictures_are_turned_back() -> None:
    upright = np.asarray(photo(SIDE, SIDE))
    for turn in (1, 2, 3):
        likely = np.full(4, 0.05, np.float32)
        likely[turn] = 0.85
        look = another_look(np.rot90(upright, turn), said(turn=likely), 0.5)
        assert look == Look(turn=turn)
        np.testing.assert_array_equal(
            look.apply(np.ascontiguousarray(np.rot90(upright, turn))), upright
        )
        assert another_look(np.rot90(upright, turn), said(turn=likely), 0.9) is None, (
            "not sure enough"
        )
    assert another_look(upright, said(), None) is None


def test_no_frame_is_looked_for_where_nothing_could_be_known_better() -> None:
    picture = framed((0, 36, 120, 84))
    doubt = another_look(picture, said(score=0.99), None)
    assert doubt is not None
    assert doubt.box is not None
    assert another_look(picture, said(familiarity=0.9), None) == doubt
    assert another_look(picture, said(), None) is None
    both = np.array([0.9, 0.4], np.float32)
    assert another_look(picture, said(presence=both), None) == doubt, "a second animal, perhaps"


def test_maps_are_laid_over_the_picture_as_it_came() -> None:
    grid = np.zeros((3, 3), np.float32)
    grid[0, 1] = 1
    assert Look(turn=1).undo(grid)[1, 0] == 1, "what was above lies on the left"
    whole = Look(box=(0.5, 0.5, 0.5, 0.5)).undo(np.ones((3, 3), np.float32))
    assert whole[:13].max() == 0
    assert whole[14:, 14:].min() == pytest.approx(1)
