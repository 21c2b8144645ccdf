"""What a model says of pictures that were made here: each is written as a file, and read."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from common.images import decode, in_proportion
from common.model.classifier import Classifier
from common.model.prediction import Prediction
from train.photos.dataset import parallel_batches

WIDTH = 480
"""Side, in pixels, that photos are brought to before they are disturbed or composed."""
BATCH = 8


def opened(path: Path) -> Image.Image:
    """A photo, upright, its longer side at most `WIDTH`.

    Raises:
        ImageError: it cannot be decoded.
        OSError: it cannot be read.
    """
    return Image.fromarray(in_proportion(path.read_bytes(), WIDTH))


def classified(
    classifier: Classifier, picture: Callable[[int], Image.Image | bytes], count: int, what: str
) -> list[Prediction]:
    """What the service would answer, from the file's bytes on.

    Args:
        picture: number -> a picture, or a file as it is.
        count: how many there are.
        what: said of the progress.
    """

    def work(which: np.ndarray) -> list[Prediction]:
        files = [_file(picture(int(i))) for i in which]
        return classifier.predict(np.stack([decode(file, classifier.target) for file in files]))

    return [p for _, found in parallel_batches(work, count, BATCH, what) for p in found]


def _file(picture: Image.Image | bytes) -> bytes:
    if isinstance(picture, bytes):
        return picture
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=95)
    return out.getvalue()
