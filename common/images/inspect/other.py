"""Names the files that are not accepted, so that the sender knows what to do."""

import re

from common.errors import ImageTypeUnsupported
from common.images.inspect.header import ACCEPTED

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


def refusal(data: bytes) -> ImageTypeUnsupported:
    """The error that names what kind of file this is."""
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
