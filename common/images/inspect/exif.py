"""Reads the orientation from EXIF; nothing else of it is parsed."""

import struct


def exif_orientation(exif: bytes) -> int:
    """Tag 0x0112 of the first directory (EXIF 2.32, 4.6.4); 1 where it is missing or wrong."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, start)
        for i in range(min(entries, 1000)):
            tag, type_, _ = struct.unpack_from(order + "HHI", tiff, start + 2 + 12 * i)
            if tag == 0x0112 and type_ in (3, 4):
                value = struct.unpack_from(order + " HI"[type_ - 2], tiff, start + 10 + 12 * i)[0]
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
