"""Tells cameras' raw files that are built on TIFF from finished pictures (TIFF 6.0, section 2)."""

import struct

_ORDERS = {b"II*\0": "<", b"MM\0*": ">", b"II+\0": "<", b"MM\0+": ">"}  # 42, and 43 for BigTIFF
_SUBFILE, _COMPRESSION, _PHOTOMETRIC, _MAKE, _DNG = 0x00FE, 0x0103, 0x0106, 0x010F, 0xC612
_REDUCED = 1
"""NewSubfileType of a small preview: the first picture of most raw files."""
_SENSOR = {32803, 34892}
"""PhotometricInterpretation of pixels as the sensor saw them: colour filter array, linear raw."""
_RAW_COMPRESSIONS = {32767, 32769, 32770, 34713, 65000, 65535}
"""Sony, Epson, Samsung, Nikon, Kodak, Pentax."""
_RAW_NAMES = {
    "NIKON": "Nikon NEF",
    "SONY": "Sony ARW",
    "PENTAX": "Pentax PEF",
    "RICOH": "Pentax PEF",
    "SAMSUNG": "Samsung SRW",
    "HASSELBLAD": "Hasselblad 3FR",
    "PHASE": "Phase One IIQ",
    "LEAF": "Leaf MOS",
    "MAMIYA": "Mamiya MEF",
    "KODAK": "Kodak DCR",
    "EASTMAN": "Kodak DCR",
    "SEIKO": "Epson ERF",
    "CANON": "Canon TIF",
}


def is_tiff(data: bytes) -> bool:
    """Whether the file begins as TIFF and its relatives do."""
    return data[:4] in _ORDERS


def raw_kind(data: bytes) -> str | None:
    """Which camera's raw format a TIFF is; None where it is a finished picture, or damaged."""
    if data[8:10] == b"CR":
        return "Canon CR2"
    if data[8:12] in (b"IIII", b"MMMM"):
        return "Phase One IIQ"
    try:
        tags = _first_directory(data)
    except struct.error:
        return None
    if _DNG in tags:
        return "DNG"
    is_raw = (
        tags.get(_SUBFILE) == _REDUCED
        or tags.get(_PHOTOMETRIC) in _SENSOR
        or tags.get(_COMPRESSION) in _RAW_COMPRESSIONS
    )
    if not is_raw or _MAKE not in tags:
        return None
    start = tags[_MAKE]
    make = data[start : start + 40].partition(b"\0")[0].decode("ascii", "replace").strip()
    name = _RAW_NAMES.get(make.upper().replace("-", " ").partition(" ")[0])
    return name or (make if make.isprintable() and make.isascii() and make else "of some camera")


def _first_directory(data: bytes) -> dict[int, int]:
    """Tag -> its value, or where its value lies; raises struct.error where the file is cut."""
    order = _ORDERS[data[:4]]
    (start,) = struct.unpack_from(order + "I", data, 4)
    (entries,) = struct.unpack_from(order + "H", data, start)
    tags = {}
    for i in range(min(entries, 1000)):
        at = start + 2 + 12 * i
        tag, type_, _ = struct.unpack_from(order + "HHI", data, at)
        (tags[tag],) = struct.unpack_from(order + ("H" if type_ == 3 else "I"), data, at + 8)
    return tags
