"""The one door for pictures: bytes in, upright RGB pixels out. Training and serving both use it.

A look at the header says what the file is and how much work (`common.images.inspect`); ordinary
pictures are decoded on the spot (`common.images.render`), suspicious ones where that can be stopped
(`common.images.sandbox`).
"""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from common.errors import ImageTooLarge
from common.images.inspect import MAX_PIXELS, inspect
from common.images.render import Size, render, stored_size
from common.images.sandbox import DecodeProcess

DECODE_TIMEOUT_S = 8.0
"""Seconds after which the decoding of a suspicious picture is stopped."""
QUICK_PIXELS = 4_000_000
"""An ordinary JPEG that has more takes more than a few hundredths of a second; others a quarter."""
LARGEST_AT_ONCE = 2
"""Pictures of the largest kind that a process decodes at the same time; many more small ones."""
MAX_MEMORY = 4 * MAX_PIXELS * LARGEST_AT_ONCE
"""Bytes that all decoding in a process takes at most."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture: the pixels a model wants, and what the file said of itself."""

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
        uint8 array of shape (height, width, 3), 0..255. Transparency lies on white, 16-bit
        values are scaled, CMYK is converted.

    Raises:
        ImageError: whatever is wrong with the data, as one of its three kinds.
    """
    return read(data, target).pixels


def read(
    data: bytes, target: tuple[int, int], *, before_long: Callable[[], None] | None = None
) -> Picture:
    """Like `decode`, together with the format and size of the original.

    Args:
        data: as `decode`.
        target: as `decode`.
        before_long: called before this may take long: a large picture, or one that has to wait
            for others or for another process.
    """
    return _read(data, target, before_long)


def preview(data: bytes, longest_side: int = 640) -> bytes:
    """The picture as a model sees it, but in its own proportions: a JPEG without metadata.

    Raises:
        ImageError: as `decode`.
    """
    return encode(_read(data, longest_side).pixels)


def encode(pixels: NDArray[np.uint8]) -> bytes:
    """RGB pixels (height, width, 3) as a JPEG file without metadata."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=85)
    return out.getvalue()


class _Memory:
    """A number of bytes that decoders share; who finds too few left waits."""

    def __init__(self, most: int) -> None:
        self._most = self._left = most
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, number: int, before_long: Callable[[], None] | None = None) -> Iterator[None]:
        if number > self._most:
            raise ImageTooLarge(
                "The picture has more pixels than are accepted of its kind of file."
            )
        with self._changed:
            if number > self._left and before_long:
                before_long()
            self._changed.wait_for(lambda: number <= self._left)
            self._left -= number
        try:
            yield
        finally:
            with self._changed:
                self._left += number
                self._changed.notify_all()


_memory = _Memory(MAX_MEMORY)
_process = DecodeProcess(DECODE_TIMEOUT_S)


def _read(data: bytes, size: Size, before_long: Callable[[], None] | None = None) -> Picture:
    header = inspect(data)
    ordinary = header.rgb and not header.coefficients
    quick = header.width * header.height <= (QUICK_PIXELS if ordinary else QUICK_PIXELS // 4)
    if before_long and (header.suspicious or not quick):
        before_long()
    with _memory.taken(header.memory(*stored_size(header, size)), before_long):
        if header.suspicious:
            pixels, original = _process.render(data, size)
        else:
            pixels, original = render(header, size)
    return Picture(pixels, header.format, *original)
