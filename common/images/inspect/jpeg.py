"""Reads JPEG headers (ITU-T T.81, annex B)."""

import re
import struct

from common.errors import ImageTooLarge
from common.images.inspect.exif import exif_orientation
from common.images.inspect.header import MAX_PARTS, Header, damaged

MAX_SCAN_PIXELS = 2_000_000_000
"""Scans x pixels, of which each takes about 0.75 ns. A usual progressive file has ten scans."""
SANDBOX_SCAN_PIXELS = 200_000_000
"""A file of more is decoded in a process that can be killed (`common.images.sandbox`)."""
_STANDALONE = {0x01, *range(0xD0, 0xD8)}  # TEM and RSTn: markers without a length
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_ARITHMETIC = {*range(0xC9, 0xD0)}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_SOS, _EOI, _APP0, _APP1, _APP14 = 0xDA, 0xD9, 0xE0, 0xE1, 0xEE
_TABLES = {0xC4, 0xCC, 0xDB, 0xDD}  # DHT, DAC, DQT, DRI
_MARKER = re.compile(rb"\xff[\x01-\xfe]")
_MARKER_IN_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


def inspect(data: bytes) -> Header:
    kept: list[bytes | memoryview] = [b"\xff\xd8"]
    position, orientation, frame, frame_marker = 2, 0, b"", 0
    for _ in range(MAX_PARTS):
        # As libjpeg does: bytes between two segments are skipped.
        if not (found := _MARKER.search(data, position)):
            raise damaged()
        start, position = found.end() - 2, found.end()
        marker = data[position - 1]
        if marker in _STANDALONE:
            continue
        if marker in (_SOS, _EOI):
            break
        (length,) = struct.unpack_from(">H", data, position)
        body, position = data[position + 2 : position + length], position + length
        if marker in _FRAMES:
            frame, frame_marker = body, marker
        elif marker == _APP1 and body.startswith(b"Exif\0\0"):
            orientation = orientation or exif_orientation(body)
        keep_app = (marker == _APP0 and body.startswith(b"JFIF")) or (
            marker == _APP14 and body.startswith(b"Adobe")
        )
        if marker in _FRAMES or marker in _TABLES or keep_app:
            kept.append(data[start:position])
    bits, height, width, components = struct.unpack_from(">BHHB", frame)
    if marker != _SOS or not components:
        raise damaged()
    # The rule of libjpeg: only then does it read several scans and keep all coefficients in memory.
    several = frame_marker in _PROGRESSIVE or data[start + 4] < components
    scans = _scans(data, start) if several else 1
    work = scans * width * height
    if work > MAX_SCAN_PIXELS:
        raise ImageTooLarge(f"The picture is stored in {scans} scans: too much work to decode.")
    kept.append(memoryview(data)[start:])
    whole = sum(map(len, kept)) == len(data)  # nothing was removed: no copy is needed
    return Header(
        "JPEG",
        width,
        height,
        data if whole else b"".join(kept),
        orientation or 1,
        _coefficients(frame, width * height, components) if several else 0,
        needs_sandbox=work > SANDBOX_SCAN_PIXELS or frame_marker in _ARITHMETIC,
        rgb=components == 3 and bits == 8,
    )


def _scans(data: bytes, position: int) -> int:
    """How many scans a decoder would read, from the first to the end of the image."""
    scans = 0
    for _ in range(MAX_PARTS):
        if not (found := _MARKER_IN_SCAN.search(data, position)):
            break
        marker, position = data[found.start() + 1], found.end()
        scans += marker == _SOS
        if marker == _EOI:
            break
        if marker not in _STANDALONE and position + 2 <= len(data):
            position += struct.unpack_from(">H", data, position)[0]
    else:
        raise ImageTooLarge("The picture is stored in far too many parts.")
    return scans


def _coefficients(frame: bytes, pixels: int, components: int) -> int:
    """Two bytes for each sample of each component."""
    sampling = [divmod(frame[7 + 3 * i], 16) for i in range(components)]
    most = max(h for h, _ in sampling) * max(v for _, v in sampling)
    return 2 * pixels * sum(h * v for h, v in sampling) // max(most, 1)
