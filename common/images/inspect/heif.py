"""AVIF and HEIC headers (ISO/IEC 14496-12 and 23008-12)."""

import re
import struct

from common.errors import ImageTypeUnsupported
from common.images.inspect.header import ACCEPTED, Header, check_size, damaged

_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1"}


def inspect(data: bytes) -> Header:
    (length,) = struct.unpack_from(">I", data)
    names = data[8 : min(length, 1024)]
    brands = {names[:4], *(names[i : i + 4] for i in range(8, len(names), 4))}
    if not brands & (_AVIF_BRANDS | _HEIC_BRANDS):
        raise ImageTypeUnsupported(f"This is a video, not a picture ({ACCEPTED}).")
    # Property `ispe` of every item: the picture, its tiles, its thumbnail. The largest counts.
    sizes = [
        struct.unpack_from(">II", data, found.end() + 4)
        for found in re.finditer(b"\0\0\0\x14ispe", data)
    ]
    if not sizes:
        raise damaged()
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    check_size(width, height)
    # Always in the sandbox: there may be more pixels inside than the container says.
    kind = "AVIF" if brands & _AVIF_BRANDS else "HEIC"
    return Header(kind, width, height, data, needs_sandbox=True)
