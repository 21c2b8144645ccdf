"""Class folders: what is read, what is refused, and with which words."""

from pathlib import Path

import numpy as np
import pytest

from common.errors import DataError
from tests.train.conftest import draw
from train import arguments
from train.photos.batches import Batches
from train.photos.dataset import Pixels, concat, scan, subset
from train.photos.others import at_hand
from train.photos.run_photos import held_photos


def test_scan_reads_classes_in_order_and_names_what_it_leaves_out(
    own_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own_data / "train" / "circles" / "broken.jpg").write_bytes(b"\xff\xd8\xff not a photo")
    (own_data / "train" / "circles" / ".DS_Store").write_bytes(b"")
    photos = scan(own_data / "train")
    assert photos.classes == ("circles", "squares")
    assert photos.counts == {"circles": 8, "squares": 8}
    assert [path.name for path, _ in photos.unreadable] == ["broken.jpg"]
    assert "broken.jpg" in capsys.readouterr().err


def empty(data: Path) -> None:
    for path in (data / "train" / "squares").iterdir():
        path.unlink()


def one_class(data: Path) -> None:
    empty(data)
    (data / "train" / "squares").rmdir()


def other_classes(data: Path) -> None:
    (data / "extra" / "circles").mkdir(parents=True)
    (data / "extra" / "ovals").mkdir(parents=True)


@pytest.mark.parametrize(
    ("spoil", "folders", "words"),
    [
        (empty, ["train"], "squares has 0 readable photos; at least 4"),
        (one_class, ["train"], "at least two class folders, one for each label: only circles"),
        (lambda data: None, ["nowhere"], "There is no folder"),
        (other_classes, ["train", "extra"], "are not those of"),
    ],
)
def test_scan_refuses(own_data: Path, spoil, folders: list[str], words: str) -> None:
    spoil(own_data)
    with pytest.raises(DataError, match=words):
        scan(*(own_data / folder for folder in folders), least=4)


def test_split_is_by_content_and_leaves_every_class_on_both_sides(
    data: Path, own_data: Path
) -> None:
    photos = scan(data / "train")
    rest, held = photos.split(0.2)
    assert len(rest) + len(held) == len(photos)
    assert not set(rest.digests) & set(held.digests)
    assert min(rest.counts.values()) > 0
    assert min(held.counts.values()) > 0

    before = scan(own_data / "train").split(0.3)[1].digests
    for path in (own_data / "train" / "circles").iterdir():
        path.rename(path.with_name(f"z{path.name[::-1]}"))
    assert set(scan(own_data / "train").split(0.3)[1].digests) == set(before)


def test_fingerprint_follows_names_and_contents(own_data: Path) -> None:
    before = scan(own_data / "train").fingerprint(["a", "b"])
    assert before.counts == {"a": 8, "b": 8}
    assert scan(own_data / "train").fingerprint(["a", "b"]) == before
    photo = own_data / "train" / "circles" / "0.jpg"
    photo.write_bytes((own_data / "train" / "circles" / "1.jpg").read_bytes())
    assert scan(own_data / "train").fingerprint(["a", "b"]).sha256 != before.sha256


def test_batches_are_a_function_of_seed_and_epoch(data: Path) -> None:
    photos = scan(data / "train")

    def order(seed: int | None, epoch: int) -> list[int]:
        batches = Batches(lambda which: which, photos, 10, seed)
        batches.start_epoch(epoch)
        return np.concatenate([batches[i][0] for i in range(len(batches))]).tolist()

    assert order(None, 3) == list(range(48))
    assert sorted(order(1, 0)) == list(range(48))
    assert order(1, 2) == order(1, 2)
    assert len({tuple(order(*key)) for key in [(1, 0), (1, 1), (2, 0)]}) == 3


def test_pixels_are_those_of_the_one_door(data: Path) -> None:
    from common.images import decode

    photos = scan(data / "train")
    pixels = Pixels(photos, (40, 30))
    expected = decode(photos.paths[5].read_bytes(), (40, 30))
    for _ in range(2):  # from disk, then kept
        np.testing.assert_array_equal(pixels(np.array([5]))[0], expected)


def test_what_is_held_is_not_learned_from(own_data: Path) -> None:
    every = scan(own_data / "train")
    held = concat([subset(every, 0.4), subset(scan(own_data / "validation"), 1)])
    rest = every.without(held)
    assert len(held) > 6
    assert not set(rest.digests) & set(held.digests)
    assert set(rest.digests) == set(every.split(0.4)[0].digests)


@pytest.mark.parametrize(
    ("text", "folder", "share"), [("a/b:0.5", "a/b", 0.5), ("a", "a", 1.0), ("c:d", "c:d", 1.0)]
)
def test_a_folder_with_a_share(text: str, folder: str, share: float) -> None:
    assert arguments.held(text) == (Path(folder), share)


def test_choices_are_made_on_the_classes_that_are_learned(own_data: Path) -> None:
    classes = scan(own_data / "train").classes
    folders = [(own_data / "train", 0.5), (own_data / "validation", 1.0)]
    assert held_photos(folders, classes).classes == classes
    first = classes[0]
    (own_data / "validation" / first).rename(own_data / "validation" / "zebras")
    with pytest.raises(DataError, match=r"zebras.* are not those that are learned"):
        held_photos(folders, classes)


def test_other_things_at_hand(own_data: Path) -> None:
    """For the report: what can be read of DATA/other, and never a reason to stop."""
    assert at_hand(own_data) is None
    (own_data / "other").mkdir()
    assert at_hand(own_data) is None
    (own_data / "other" / "broken.jpg").write_bytes(b"nothing")
    assert at_hand(own_data) is None
    draw("circles", 1).save(own_data / "other" / "1.jpg")
    found = at_hand(own_data)
    assert found is not None
    assert [path.name for path in found.paths] == ["1.jpg"]
