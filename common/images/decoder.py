"""Turns the bytes of a picture into upright RGB pixels, for training and serving alike.

`common.images.inspect` reads the header: what the file is and how much work decoding takes. Then
ordinary pictures are decoded in this process (`common.images.render`), risky ones in a process that
can be killed (`common.images.sandbox`).
"""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from common.errors import ImageTooLarge
from common.images.inspect import MAX_PIXELS, inspect
from common.images.region import WHOLE, Region
from common.images.render import Size, memory, render
from common.images.sandbox import Sandbox

DECODE_TIMEOUT_S = 8.0
"""Processor seconds after which a picture in the sandbox is given up."""
LARGEST_AT_ONCE = 2
"""Pictures of the largest kind that one process decodes at a time; more if they are small."""
MAX_MEMORY = 4 * MAX_PIXELS * LARGEST_AT_ONCE
"""Bytes that all decoding in one process takes at most."""


class MemoryLimit:
    """Memory that the decoders of a process share; one that finds too little left waits for it.

    Args:
        total: bytes.
    """

    def __init__(self, total: int) -> None:
        self._total = self._free = total
        self._changed = threading.Condition()

    @contextmanager
    def reserve(self, size: int) -> Iterator[None]:
        """Hold `size` bytes for the block, after waiting until they are free.

        Args:
            size: bytes.

        Raises:
            ImageTooLarge: more than there are in all.
        """
        if size > self._total:
            raise ImageTooLarge(
                "The picture has more pixels than are accepted of its kind of file."
            )
        with self._changed:
            self._changed.wait_for(lambda: size <= self._free)
            self._free -= size
        try:
            yield
        finally:
            with self._changed:
                self._free += size
                self._changed.notify_all()


_memory = MemoryLimit(MAX_MEMORY)
_sandbox = Sandbox(DECODE_TIMEOUT_S)


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture: the pixels for a model, and the format and size of the file."""

    pixels: NDArray[np.uint8]
    """(height, width, 3), RGB, 0..255."""
    format: str
    """`JPEG`, `PNG`, `WEBP`, `GIF`, `AVIF` or `HEIC`."""
    width: int
    """Of the upright original, in pixels."""
    height: int


def decode(data: bytes, target: tuple[int, int]) -> NDArray[np.uint8]:
    """Turn the bytes of a picture into upright RGB pixels of exactly the size asked for.

    Args:
        data: a whole JPEG, PNG, WebP, GIF, AVIF or (with pillow-heif installed) HEIC file; of
            an animation the first frame counts.
        target: (height, width) in pixels; the whole picture is stretched to it.

    Returns:
        uint8 array of shape (height, width, 3), 0..255. Transparent parts are white, 16-bit
        values are scaled to 8, CMYK is converted.

    Raises:
        ImageError: one of its three kinds, whatever is wrong with the data.
    """
    return load_image(data, target).pixels


def load_image(data: bytes, target: tuple[int, int], region: Region = WHOLE) -> Picture:
    """Like `decode`, together with the format and size of the original.

    Args:
        data: as `decode`.
        target: as `decode`.
        region: the part of the upright picture that is wanted, cut out before it is resized.
    """
    return _load(data, target, region)


def in_proportion(data: bytes, longest_side: int) -> NDArray[np.uint8]:
    """Like `decode`, but in the picture's own proportions.

    Returns:
        uint8 (height, width, 3), 0..255, RGB; its longer side has at most `longest_side` pixels.

    Raises:
        ImageError: as `decode`.
    """
    return _load(data, longest_side, WHOLE).pixels


def preview(data: bytes, longest_side: int = 640, region: Region = WHOLE) -> bytes:
    """The picture as a model sees it, but in its own proportions, as a JPEG without metadata.

    Args:
        data: as `decode`.
        longest_side: in pixels; a smaller picture keeps its size.
        region: as `load_image`.

    Raises:
        ImageError: as `decode`.
    """
    return encode(_load(data, longest_side, region).pixels)


def encode(pixels: NDArray[np.uint8]) -> bytes:
    """RGB pixels, uint8 (height, width, 3), as a JPEG file without metadata."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=85)
    return out.getvalue()


def _load(data: bytes, size: Size, region: Region) -> Picture:
    header = inspect(data)
    with _memory.reserve(memory(header, size, region)):
        if header.needs_sandbox:
            pixels, original = _sandbox.render(data, size, region)
        else:
            pixels, original = render(header, size, region)
    return Picture(pixels, header.format, *original)
