"""Views and what is true of them; photos of other things, kind by kind."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from common.errors import DataError
from tests.train.conftest import draw
from train.photos.dataset import scan
from train.photos.others import kind, read_others, split_by_kind
from train.views.features import Rows, Views, view_features
from train.views.views import DISTURBANCES, OTHER, pair, single, small, with_thumbnails

SIZE = (40, 48)


@pytest.fixture
def things(tmp_path: Path) -> Path:
    """Photos of ten kinds of other things, four each."""
    folder = tmp_path / "things"
    folder.mkdir()
    for i in range(40):
        draw("stripes", 5000 + i).save(folder / f"thing{chr(97 + i // 4)}_{i % 4}.jpg")
    return folder


@pytest.mark.parametrize("disturb", [d for d, _ in DISTURBANCES], ids=lambda d: d.__name__)
@pytest.mark.parametrize("size", [(96, 80), (320, 40), (9, 200)])
def test_every_disturbance_takes_every_photo(disturb: object, size: tuple[int, int]) -> None:
    photo = draw("circles", 1, size)
    for seed in range(5):
        found = disturb(np.random.default_rng(seed), photo)
        assert found.mode == "RGB"
        assert min(found.size) > 0


def test_a_view_is_decided_by_its_number(own_data: Path, things: Path) -> None:
    photos, others = scan(own_data / "train"), read_others([(things, 1.0)])
    views, again = (Views(photos, others, SIZE, seed=3) for _ in range(2))
    for i in (0, 7):
        np.testing.assert_array_equal(views.draw(i).pixels, again.draw(i).pixels)
        assert views.draw(i).pixels.shape == (*SIZE, 3)
    assert (views.draw(0).pixels != Views(photos, others, SIZE, seed=4).draw(0).pixels).any()


def test_all_kinds_of_views_are_drawn(own_data: Path, things: Path) -> None:
    views = Views(scan(own_data / "train"), read_others([(things, 1.0)]), SIZE, seed=0)
    drawn = [views.draw(i) for i in range(150)]
    assert {len(view.labels) for view in drawn} == {0, 1, 2}
    assert {view.turn for view in drawn} == {0, 1, 2, 3}
    assert {view.single for view in drawn} == {True, False}
    alone = Views(scan(own_data / "train"), None, SIZE, seed=0)
    assert all(alone.draw(i).labels for i in range(40)), "without other things a label is in each"


def test_a_share_of_thumbnails(own_data: Path, things: Path) -> None:
    shares = with_thumbnails(0.5)
    assert sum(shares) == pytest.approx(1)
    assert shares[[disturb for disturb, _ in DISTURBANCES].index(small)] == 0.5
    usual = Views(scan(own_data / "train"), None, (64, 64), 0)
    other = Views(scan(own_data / "train"), None, (64, 64), 0, thumbnails=0.5)
    differ = sum((usual.draw(i).pixels != other.draw(i).pixels).any() for i in range(20))
    assert 0 < differ < 20  # those that nothing disturbs are the same


def test_turns_are_those_that_were_made() -> None:
    photo = Image.new("RGB", (60, 60), "black")
    photo.paste((255, 255, 255), (0, 0, 60, 30))  # white above, black below
    where = {0: (0, 30), 1: (30, 0), 2: (59, 30), 3: (30, 59)}
    seen = set()
    for seed in range(80):
        rng = np.random.default_rng(seed)
        view = single(rng, photo, 0, (60, 60), turned=0.8)
        around = view.pixels.astype(int).mean(axis=2)
        if around.max() - around.min() < 60 or around[where[view.turn]] < around.max() - 40:
            continue  # framed, small or dark: not so easily seen
        seen.add(view.turn)
        opposite = where[(view.turn + 2) % 4]
        assert around[where[view.turn]] >= around[opposite]
    assert seen == {0, 1, 2, 3}


def test_pairs_know_their_labels() -> None:
    photos = draw("circles", 1), draw("squares", 2)
    cases = [((0, 1), {0, 1}), ((1, 1), {1}), ((OTHER, 0), {0}), ((OTHER, OTHER), set())]
    for labels, expected in cases:
        view = pair(np.random.default_rng(0), photos, labels, SIZE)
        assert view.labels == expected
        assert not view.single


def test_features_are_computed_once(own_data: Path, things: Path, tmp_path: Path) -> None:
    views = Views(scan(own_data / "train"), read_others([(things, 1.0)]), SIZE, seed=0)
    calls = []

    def runner(pictures: np.ndarray) -> dict[str, np.ndarray]:
        calls.append(len(pictures))
        return {"features": pictures.mean(axis=(1, 2)), "teacher": pictures[:, 0, :7, 0]}

    found = view_features(views, 100, runner, "mean", tmp_path / "cache")
    again = view_features(views, 60, runner, "mean", tmp_path / "cache")
    assert sum(calls) == 1024, "a block, once"
    assert len(found) == 100
    np.testing.assert_array_equal(again.features["features"], found.features["features"][:60])
    features, truth, weights = Rows(found, 32)[0]
    assert features.shape == (32, 3)
    labels = found.present[:32].sum(axis=1)
    assert (weights["logits"] == np.minimum(labels, 1)).all()
    assert (truth["known"][:, 0] == np.minimum(labels, 1)).all()
    assert truth["logits"].sum(axis=1)[labels > 0] == pytest.approx(1)


def test_views_that_are_drawn_otherwise_have_another_key(
    own_data: Path, things: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = Views(scan(own_data / "train"), read_others([(things, 1.0)]), SIZE, seed=0)
    key = views.key
    assert views.key == key
    monkeypatch.setattr("train.views.views.stretched", lambda image, box: image.resize(box, 0))
    assert views.key != key


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("toaster_01.jpg", "toaster"),
        ("Garden Hose 12.jpeg", "garden hose"),
        ("ant.png", "ant"),
        ("IMG-0042.jpg", "img"),
        ("0042.jpg", "things"),
    ],
)
def test_kinds_are_told_by_names(name: str, expected: str) -> None:
    assert kind(Path("things") / name) == expected


def test_kinds_stay_together(things: Path) -> None:
    photos = read_others([(things, 1.0)])
    assert photos is not None
    rest, aside = split_by_kind(photos, 0.5)
    assert len(rest) + len(aside) == 40
    assert not {kind(path) for path in rest.paths} & {kind(path) for path in aside.paths}


def test_too_few_other_things(things: Path) -> None:
    assert read_others([]) is None
    for path in sorted(things.iterdir())[5:]:
        path.unlink()
    with pytest.raises(DataError, match="5 photos of other things; at least 20 are needed"):
        read_others([(things, 1.0)])
    with pytest.raises(DataError, match="There is no folder"):
        read_others([(things / "nowhere", 1.0)])
