import hashlib

from common.model.golden import draw


def test_the_drawn_pictures_never_change() -> None:
    # Every card written so far holds outputs for exactly these bytes.
    pixels = b"".join(picture.tobytes() for picture in draw(224, 224).values())
    assert hashlib.sha256(pixels).hexdigest() == (
        "ec65397a1c55323f72a4b725be3897a0dc97a901b87a57601710137839092b22"
    )


def test_every_size_is_drawn() -> None:
    for height, width in [(1, 1), (7, 3), (150, 224)]:
        for picture in draw(height, width).values():
            assert picture.shape == (height, width, 3)
