"""The photos of a run: labels that cannot be are refused, from Python as on the command line."""

from pathlib import Path

import pytest

from common.errors import DataError
from train.photos.run_photos import RunPhotos


@pytest.mark.parametrize("labels", [("a", "a"), ("a", "neither"), ("several", "a")])
def test_labels_differ(labels: tuple[str, str], own_data: Path) -> None:
    with pytest.raises(DataError, match="must differ"):
        RunPhotos.read(own_data, labels=labels)


def test_no_photo_is_on_two_sides(own_data: Path) -> None:
    photos = RunPhotos.read(own_data, extra=[own_data / "validation"], held_share=0.2)
    assert not set(photos.train.digests) & set(photos.validation.digests)
    assert len(photos.train) + len(photos.validation) == 16 + 6
    held = RunPhotos.read(own_data, held=[(own_data / "train", 0.5)])
    assert not set(held.train.digests) & set(held.validation.digests)
    assert len(held.train) + len(held.validation) == 16
