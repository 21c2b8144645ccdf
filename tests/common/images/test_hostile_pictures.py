"""Hostile, damaged and foreign files are read or refused with one kind of error."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common import images
from common.errors import ImageError, ImageTooLarge, ImageTypeUnsupported
from common.images.inspect import MAX_PIXELS
from support.hostile_pictures import (
    HOSTILE,
    OK,
    OTHER_KINDS,
    TOO_LARGE,
    UNREADABLE,
    UNSUPPORTED,
    picture,
    png,
)

OUTCOMES = {OK, TOO_LARGE, UNREADABLE, UNSUPPORTED}
KINDS = [
    *((kind, {}) for kind in ("JPEG", "MPO", "PNG", "WEBP", "AVIF", "GIF")),
    ("JPEG", {"progressive": True}),
    ("WEBP", {"lossless": True}),
]


def outcome(data: bytes) -> str:
    """What comes of a file: `ok`, or the name of the one kind of error that may come out."""
    try:
        pixels = images.decode(data, (32, 32))
    except ImageError as error:
        return type(error).__name__ if str(error).endswith(".") else str(error)
    return OK if pixels.shape == (32, 32, 3) else str(pixels.shape)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(name: str) -> None:
    make, expected = HOSTILE[name]
    assert outcome(make()) in expected


@pytest.mark.parametrize("name", OTHER_KINDS)
def test_refused_by_the_name_of_what_it_is(name: str) -> None:
    make, kind = OTHER_KINDS[name]
    with pytest.raises(ImageTypeUnsupported, match=kind):
        images.decode(make(), (32, 32))


@settings(deadline=None)
@given(st.sampled_from(KINDS), st.data())
def test_damaged_files_are_read_or_refused(
    kind: tuple[str, dict[str, bool]], data: st.DataObject
) -> None:
    name, options = kind
    whole = bytearray(picture(name, 40, 30, **options))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(whole))))
    assert outcome(bytes(whole[:cut])) in OUTCOMES


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8\xff", b"GIF89a", b"RIFF0000WEBP"]))
@example(b"", b"\x89PNG\r\n\x1a\n")
@example(b"\0\0\0\x18ftypavif", b"")
def test_any_bytes_are_read_or_refused(data: bytes, start: bytes) -> None:
    assert outcome(start + data) in OUTCOMES


def test_pixels_are_counted_before_anything_is_decoded() -> None:
    with pytest.raises(ImageTooLarge, match=f"at most {MAX_PIXELS // 1_000_000}"):
        images.decode(png(10_000, 5_001, pixels=b"not even compressed"), (32, 32))
