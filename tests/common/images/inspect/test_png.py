"""A PNG is read only if every chunk of it is what its checksum says."""

import struct

import pytest

from common import images
from common.errors import ImageUnreadable
from support.hostile_pictures import chunk, picture, png


def parts(data: bytes) -> dict[str, tuple[int, int]]:
    """Name of a chunk -> where its body begins, and its length; the first of each name."""
    found: dict[str, tuple[int, int]] = {}
    position = 8
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        found.setdefault(kind.decode(), (position + 8, length))
        position += 12 + length
    return found


WHOLE = png(
    4,
    4,
    8,
    3,
    chunk(b"PLTE", bytes(range(9))),
    chunk(b"tRNS", b"\xff\x80\0"),
    chunk(b"tEXt", b"Comment\0a cat"),
    chunk(b"pHYs", bytes(9)),
)


@pytest.mark.parametrize("kind", ["IHDR", "PLTE", "tRNS", "tEXt", "pHYs", "IDAT"])
@pytest.mark.parametrize("where", ["type", "body", "checksum"])
def test_a_chunk_that_fails_its_checksum(kind: str, where: str) -> None:
    start, length = parts(WHOLE)[kind]
    at = {"type": start - 1, "body": start + length - 1, "checksum": start + length + 3}[where]
    damaged = bytearray(WHOLE)
    damaged[at] ^= 0x20
    with pytest.raises(ImageUnreadable, match="damaged"):
        images.decode(bytes(damaged), (4, 4))


def test_an_end_that_fails_its_checksum() -> None:
    with pytest.raises(ImageUnreadable):
        images.decode(WHOLE[:-1] + b"\0", (4, 4))


@pytest.mark.parametrize("cut", [0, 1, 4, 8, 12])
def test_all_pixels_are_there_and_the_end_is_missing(cut: int) -> None:
    data = picture("PNG")
    whole = images.decode(data, (48, 64))
    assert (images.decode(data[: len(data) - cut], (48, 64)) == whole).all()
