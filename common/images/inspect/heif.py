"""Reads AVIF and HEIC headers (ISO/IEC 14496-12, 23008-12); names their relatives, not accepted."""

import re
import struct

from common.errors import ImageTypeUnsupported
from common.images.inspect import other
from common.images.inspect.header import ACCEPTED, Header, damaged

_AVIF = {b"avif", b"avis"}
_HEVC = {b"heic", b"heix", b"heim", b"heis"}
_HEVC_SEQUENCE = {b"hevc", b"hevx", b"hevm", b"hevs"}
_ANY_CODEC = {b"mif1", b"mif2"}
_OTHER_CODECS = {
    b"avci": "H.264",
    b"avcs": "H.264",
    b"vvic": "H.266",
    b"vvis": "H.266",
    b"evbi": "EVC",
    b"evmi": "EVC",
    b"j2ki": "JPEG 2000",
    b"j2is": "JPEG 2000",
    b"jpeg": "JPEG",
    b"jpgs": "JPEG",
}
_SOUND = {b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B ", b"aax ", b"aaxc"}


def inspect(data: bytes) -> Header:
    (length,) = struct.unpack_from(">I", data)
    names = data[8 : min(length, 1024)]
    major = names[:4]
    brands = {major, *(names[i : i + 4] for i in range(8, len(names), 4))}
    if not brands & (_AVIF | _HEVC | _HEVC_SEQUENCE | _ANY_CODEC) or _codec(brands):
        raise ImageTypeUnsupported(_sentence(major, brands))
    # The property `ispe` of each item: the picture, its tiles, its thumbnail. The largest counts.
    sizes = [
        struct.unpack_from(">II", data, found.end() + 4)
        for found in re.finditer(b"\0\0\0\x14ispe", data)
    ]
    if not sizes:
        if not brands & (_HEVC | _ANY_CODEC) and b"avif" not in brands:
            raise ImageTypeUnsupported(_sentence(b"msf1", brands))
        raise damaged()
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    # Always in the sandbox, since the codec may hold more pixels than the container says.
    kind = "AVIF" if brands & _AVIF else "HEIC"
    return Header(kind, width, height, data, needs_sandbox=True)


def _codec(brands: set[bytes]) -> str | None:
    """The codec of a HEIF picture, if it is one that is not read here."""
    if brands & (_AVIF | _HEVC | _HEVC_SEQUENCE):
        return None
    return next((_OTHER_CODECS[brand] for brand in sorted(brands) if brand in _OTHER_CODECS), None)


def _sentence(major: bytes, brands: set[bytes]) -> str:
    """The message about a file of this family that is not read."""
    if b"crx " in brands:
        return other.raw("Canon CR3")
    if codec := _codec(brands):
        return f"This is a HEIF picture in the codec {codec}, which is not read here; send a JPEG."
    if major == b"msf1" or b"msf1" in brands:
        return "This is a sequence of HEIF pictures, not a single one; send one of them as a JPEG."
    if major in _SOUND:
        return other.SOUND
    if major == b"jp2 " or brands & {b"jpx ", b"jpm "}:
        return f"This is a file of the kind JPEG 2000; send {ACCEPTED}."
    return other.VIDEO
