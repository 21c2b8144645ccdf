"""A cheap look at a picture's header, before any decoder sees the file. Decides by content alone.

Says what the file is, how large and how much work, and takes out of it everything that is not
needed to draw it (EXIF, text, colour profiles, further pictures): a decoder never sees that, so
nothing hidden there can cost memory or time.
"""

import re
import struct
import zlib
from dataclasses import dataclass

from common.errors import ImageError, ImageTooLarge, ImageTypeUnsupported, ImageUnreadable

MAX_PIXELS = 50_000_000
"""Largest width x height: above nearly every phone's, and 200 MB at four bytes a pixel."""
MAX_SIDE = 30_000
"""Largest width or height."""
MAX_SCAN_PIXELS = 2_000_000_000
"""Scans x pixels of a JPEG: about 0.75 ns each. A usual progressive one has ten scans."""
MAX_PARTS = 20_000
"""Segments, chunks or blocks beside the pixels."""
MAX_TEXT_BYTES = 1_000_000
"""What a PNG's compressed texts and colour profile may unpack to."""

# Above these a picture is decoded where it can be stopped (`common.decode_process`).
_SUSPICIOUS_PIXELS = 16_000_000
_SUSPICIOUS_SCAN_PIXELS = 200_000_000

# Bytes that decoding needs for a pixel, measured with Pillow 13.0.0 and pillow-heif 1.8.1.
_BYTES_PER_PIXEL = {"JPEG": 4.0, "PNG": 4.0, "GIF": 4.0, "WEBP": 16.0, "AVIF": 12.0, "HEIC": 8.0}

ACCEPTED = "JPEG, PNG, WebP, GIF, AVIF or HEIC"


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself, and the file without what it says in vain."""

    format: str
    """`JPEG`, `PNG`, `WEBP`, `GIF`, `AVIF` or `HEIC`."""
    width: int
    """As stored, before it is turned upright, in pixels."""
    height: int
    data: bytes
    """What the decoder gets."""
    orientation: int = 1
    """EXIF orientation, 1 to 8."""
    coefficients: int = 0
    """Bytes of a JPEG's coefficients, if all of them are held at once (progressive)."""
    suspicious: bool = False
    """May need far more time or memory than it shows."""

    def memory(self, width: int, height: int) -> int:
        """Bytes that decoding takes at most, where width x height are wanted."""
        scale = 1
        if self.format == "JPEG":  # decoded at 1/2, 1/4 or 1/8, see PIL's `draft`
            room = min(self.width // width, self.height // height)
            scale = max(s for s in (1, 2, 4, 8) if s <= max(room, 1))
        pixels = self.width * self.height / scale**2
        return int(pixels * _BYTES_PER_PIXEL[self.format]) + self.coefficients


def inspect(data: bytes) -> Header:
    """Look at a file's header.

    Raises:
        ImageUnreadable: empty, damaged, or no picture at all.
        ImageTypeUnsupported: a picture or document of another kind; the message names it.
        ImageTooLarge: more pixels or work than allowed.
    """
    if not data:
        raise ImageUnreadable("The picture is empty: there are no bytes in it.")
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return _png(data)
        if data.startswith((b"GIF87a", b"GIF89a")):
            return _gif(data)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return _webp(data)
        if data[4:8] == b"ftyp":
            return _heif(data)
    except ImageError:
        raise
    except Exception as error:  # what is read here may be anything
        raise _damaged() from error
    raise _refusal(data)


def check_size(width: int, height: int) -> None:
    """Refuse what has no pixels or too many of them.

    Raises:
        ImageUnreadable, ImageTooLarge.
    """
    if width <= 0 or height <= 0:
        raise ImageUnreadable("The picture is damaged: its width or height is zero.")
    if width * height > MAX_PIXELS:
        raise ImageTooLarge(
            f"The picture has {width * height / 1e6:.0f} megapixels; "
            f"at most {MAX_PIXELS // 1_000_000} are accepted."
        )
    if max(width, height) > MAX_SIDE:
        raise ImageTooLarge(f"The picture has a side of more than {MAX_SIDE} pixels.")


def _damaged() -> ImageUnreadable:
    return ImageUnreadable("The picture is damaged and cannot be read.")


# --- JPEG (ITU-T T.81, annex B) ---

_STANDALONE = {0x01, *range(0xD0, 0xD8)}  # TEM and RSTn: markers without a length
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_ARITHMETIC = {*range(0xC9, 0xD0)}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_SOS, _EOI, _APP0, _APP1, _APP14 = 0xDA, 0xD9, 0xE0, 0xE1, 0xEE
_TABLES = {0xC4, 0xCC, 0xDB, 0xDD}  # DHT, DAC, DQT, DRI
_MARKER = re.compile(rb"\xff[\x01-\xfe]")
_MARKER_IN_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


def _jpeg(data: bytes) -> Header:
    kept, position, orientation, frame, frame_marker = [b"\xff\xd8"], 2, 0, b"", 0
    for _ in range(MAX_PARTS):
        # As libjpeg does: whatever stands between two segments is skipped.
        if not (found := _MARKER.search(data, position)):
            raise _damaged()
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
    height, width, components = struct.unpack_from(">HHB", frame, 1)
    if marker != _SOS or not components:
        raise _damaged()
    check_size(width, height)
    # libjpeg's rule: only then it goes through more than one scan, and holds all coefficients.
    several = frame_marker in _PROGRESSIVE or data[start + 4] < components
    scans = _scans(data, start) if several else 1
    work = scans * width * height
    if work > MAX_SCAN_PIXELS:
        raise ImageTooLarge(f"The picture is stored in {scans} scans: too much work to decode.")
    kept.append(data[start:])
    return Header(
        "JPEG",
        width,
        height,
        b"".join(kept),
        orientation or 1,
        _coefficients(frame, width * height, components) if several else 0,
        suspicious=work > _SUSPICIOUS_SCAN_PIXELS or frame_marker in _ARITHMETIC,
    )


def _scans(data: bytes, position: int) -> int:
    """How many scans a decoder would go through, from the first to the end of the image."""
    scans = 0
    while found := _MARKER_IN_SCAN.search(data, position):
        marker, position = data[found.start() + 1], found.end()
        scans += marker == _SOS
        if marker == _EOI:
            break
        if marker not in _STANDALONE and position + 2 <= len(data):
            position += struct.unpack_from(">H", data, position)[0]
    return scans


def _coefficients(frame: bytes, pixels: int, components: int) -> int:
    """Two bytes for each sample of each component."""
    sampling = [divmod(frame[7 + 3 * i], 16) for i in range(components)]
    most = max(h for h, _ in sampling) * max(v for _, v in sampling)
    return 2 * pixels * sum(h * v for h, v in sampling) // max(most, 1)


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


# --- PNG (W3C PNG 3, chapter 5) ---


def _png(data: bytes) -> Header:
    kept: list[bytes] = []
    pixels: list[bytes] = []
    orientation, text_left, position = 1, MAX_TEXT_BYTES, 8
    width = height = depth = colour = 0
    for _ in range(MAX_PARTS * 10):  # pixels may come in many chunks
        if position + 8 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 8 : position + 8 + length]
        position += 12 + length
        if kind == b"IDAT":
            pixels.append(body)
        elif kind == b"IHDR":
            width, height, depth, colour = struct.unpack_from(">IIBB", body)
            check_size(width, height)
            kept.append(_chunk(kind, body))
        elif kind == b"PLTE" or (kind == b"tRNS" and (depth, colour) != (16, 2)):
            kept.append(_chunk(kind, body))
        elif kind == b"eXIf":
            orientation = exif_orientation(body)
        elif kind in (b"zTXt", b"iTXt", b"iCCP"):
            text_left -= _unpacked(kind, body, text_left)
        elif kind == b"IEND":
            break
    if not width or not pixels:
        raise _damaged()
    kept += [_chunk(b"IDAT", b"".join(pixels)), _chunk(b"IEND", b"")]
    return Header(
        "PNG",
        width,
        height,
        data[:8] + b"".join(kept),
        orientation,
        suspicious=width * height > _SUSPICIOUS_PIXELS,
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    crc = zlib.crc32(body, zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(body)), kind, body, struct.pack(">I", crc)))


def _unpacked(kind: bytes, body: bytes, most: int) -> int:
    """How long a compressed text or profile is; refused where that is out of proportion."""
    _, _, rest = body.partition(b"\0")
    if kind == b"iTXt":
        if rest[:1] != b"\1":  # not compressed
            return 0
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    else:
        rest = rest[1:]
    try:
        length = len(zlib.decompressobj().decompress(rest, most + 1))
    except zlib.error:
        return 0
    if length > most:
        raise ImageUnreadable("The picture carries a text that unpacks to far too much.")
    return length


# --- GIF (GIF89a specification) ---


def _gif(data: bytes) -> Header:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    position = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    start, control = data[:position], b""
    for _ in range(MAX_PARTS):
        block = data[position]
        if block == 0x2C:
            left, top, frame_width, frame_height = struct.unpack_from("<HHHH", data, position + 1)
            width, height = max(width, left + frame_width), max(height, top + frame_height)
            if not frame_width or not frame_height:
                width = 0
            check_size(width, height)
            return Header(
                "GIF",
                width,
                height,
                start + control + data[position:],
                suspicious=width * height > _SUSPICIOUS_PIXELS,
            )
        if block == 0x3B:
            break
        if block == 0x21:
            end = _after_blocks(data, position + 2)
            if data[position + 1] == 0xF9:
                control = data[position:end]
            position = end
        else:
            position += 1
    raise _damaged()


def _after_blocks(data: bytes, position: int) -> int:
    for _ in range(MAX_PARTS * 5):
        length = data[position]
        position += 1 + length
        if not length:
            return position
    raise _damaged()


# --- WebP (RFC 9649) ---


def _webp(data: bytes) -> Header:
    width = height = 0
    orientation, position = 1, 12
    for _ in range(MAX_PARTS):
        if position + 8 > len(data):
            break
        kind, length = struct.unpack_from("<4sI", data, position)
        start = position + 8
        if not width and kind == b"VP8X":
            width = 1 + int.from_bytes(data[start + 4 : start + 7], "little")
            height = 1 + int.from_bytes(data[start + 7 : start + 10], "little")
        elif not width and kind == b"VP8 ":
            width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, start + 6))
        elif not width and kind == b"VP8L":
            (bits,) = struct.unpack_from("<I", data, start + 1)
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        elif kind == b"EXIF":
            orientation = exif_orientation(data[start : start + length])
        position = start + length + length % 2
    check_size(width, height)
    return Header(
        "WEBP",
        width,
        height,
        data,
        orientation,
        suspicious=width * height > _SUSPICIOUS_PIXELS,
    )


# --- AVIF and HEIC (ISO/IEC 14496-12 and 23008-12) ---

_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1"}


def _heif(data: bytes) -> Header:
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
        raise _damaged()
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    check_size(width, height)
    # Always suspicious: the pixels inside need not be as many as the container says.
    kind = "AVIF" if brands & _AVIF_BRANDS else "HEIC"
    return Header(kind, width, height, data, suspicious=True)


# --- everything else ---

_OTHER_KINDS = (
    (re.compile(rb"(?:II\*\0|MM\0\*|II\+\0|MM\0\+)"), "TIFF"),
    (re.compile(rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", re.DOTALL), "BMP"),
    (re.compile(rb"%PDF|.{1,1000}%PDF-1", re.DOTALL), "PDF"),
    (re.compile(rb"%!PS|\xc5\xd0\xd3\xc6"), "EPS or PostScript"),
    (re.compile(rb"8BPS"), "Photoshop"),
    (re.compile(rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51"), "JPEG 2000"),
    (re.compile(rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n"), "JPEG XL"),
    (re.compile(rb"\0\0[\x01\x02]\0[^\0]?.\0"), "icon (ICO)"),
    (re.compile(rb"P[1-7][\s#]"), "PNM"),
    (re.compile(rb"FLIF"), "FLIF"),
    (re.compile(rb"qoif"), "QOI"),
    (re.compile(rb"DDS "), "DDS"),
    (re.compile(rb"SIMPLE  ="), "FITS"),
    (re.compile(rb"\x76\x2f\x31\x01"), "OpenEXR"),
    (re.compile(rb"\xd7\xcd\xc6\x9a|\x01\0\0\0.{36} EMF", re.DOTALL), "Windows metafile"),
    (re.compile(rb"gimp xcf"), "GIMP"),
    (re.compile(rb"\x0a[\0-\x05]\x01[\x01\x02\x04\x08]"), "PCX"),
    (re.compile(rb"PK\x03\x04|\x1f\x8b|Rar!|7z\xbc\xaf|BZh|\xfd7zXZ"), "compressed archive"),
    (re.compile(rb"\x1aE\xdf\xa3|RIFF....AVI |\0\0\x01[\xb3\xba]", re.DOTALL), "video"),
    (re.compile(rb"ID3|OggS|RIFF....WAVE|fLaC", re.DOTALL), "sound"),
)
_SVG = re.compile(rb"<(?:\w+:)?svg[\s>]", re.IGNORECASE)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)


def _refusal(data: bytes) -> ImageUnreadable | ImageTypeUnsupported:
    """Name what it is, so that its owner knows what to do."""
    beginning = data[:4096]
    text = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()
    kind = next((name for pattern, name in _OTHER_KINDS if pattern.match(beginning)), None)
    if text.startswith(b"<"):
        if _SVG.search(text):
            kind = "SVG"
        elif _HTML.search(text):
            return ImageTypeUnsupported(f"This is a web page, not a picture ({ACCEPTED}).")
    if kind is not None:
        return ImageTypeUnsupported(f"This is a file of the kind {kind}; send {ACCEPTED}.")
    return ImageTypeUnsupported(f"This is not a picture of a kind that is read here ({ACCEPTED}).")
