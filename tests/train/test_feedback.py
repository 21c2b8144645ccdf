"""Photos that visitors gave are class folders that training takes as `--extra`."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from api.feedback import FeedbackStore
from common.model.card import read_card
from support.colour_model import write_colour_model
from train.photos.dataset import scan


def photo(number: int) -> bytes:
    out = io.BytesIO()
    pixels = np.random.default_rng(number).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(out, "JPEG")
    return out.getvalue()


def test_feedback_can_be_learned_from(tmp_path: Path) -> None:
    write_colour_model(tmp_path / "model")
    card = read_card(tmp_path / "model")
    data = tmp_path / "data"
    for number in range(8):
        file = data / card.labels[number % 2] / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(photo(number))
    folder = tmp_path / "feedback"
    folder.mkdir()
    store = FeedbackStore(folder, max_files=10, max_bytes=10**6)
    assert store.keep(photo(100), card, card.labels[0])
    assert store.keep(photo(101), card, "neither")
    photos = scan(data, folder / card.name / "photos")
    assert photos.counts == {card.labels[0]: 5, card.labels[1]: 4}
