"""Names the files that are not accepted, and says what to send instead."""

import re

from common.errors import ImageTypeUnsupported
from common.images.inspect import tiff
from common.images.inspect.header import ACCEPTED

VIDEO = f"This is a video, not a picture; send one frame of it ({ACCEPTED})."
SOUND = f"This is a sound file, not a picture ({ACCEPTED})."
_OFFICE = f"This is an office document; send the picture that is in it ({ACCEPTED})."
_ARCHIVE = f"This is a compressed archive; unpack it and send the pictures ({ACCEPTED})."
_WEB_PAGE = f"This is a web page, not a picture ({ACCEPTED})."
_BASE64 = "This is a picture written as base64 text; send the bytes that the text stands for."
_TEXT = f"This is text, not a picture ({ACCEPTED})."
_UNKNOWN = f"This is not a picture of a kind that is read here ({ACCEPTED})."


def _picture(kind: str) -> str:
    return f"This is a file of the kind {kind}; send {ACCEPTED}."


def raw(kind: str) -> str:
    """The message about a camera's raw file."""
    return (
        f"This is a camera's raw file ({kind}), not a finished picture; "
        "send the JPEG that the camera or its software makes of it."
    )


# The first pattern that matches the beginning of a file decides the message.
_KINDS = (
    (
        rb"\s*(?>(?:<\?xml[^>]*>|<!--.*?-->)\s*)*+(?i:<(?:!doctype\s+html|html|head|body)[\s>])",
        _WEB_PAGE,
    ),
    (rb"(?i:\s*<(?:.*<)?(?:\w+:)?svg[\s>])", _picture("SVG")),
    (rb"(?i:\s*<.*<(?:html|head|body)[\s>])", _WEB_PAGE),
    (rb"\s*(?:data:image/|/9j/|iVBORw0KGgo|R0lGOD|UklGR)", _BASE64),
    # Raw formats of cameras that are not built on TIFF; those that are, `tiff` tells apart.
    (rb"II\x1a\0\0\0HEAPCCDR", raw("Canon CRW")),
    (rb"FUJIFILMCCD-RAW", raw("Fujifilm RAF")),
    (rb"II(?:RO|RS)|MMOR", raw("Olympus ORF")),
    (rb"II\x55\0", raw("Panasonic RW2 or Leica RWL")),
    (rb"\0MR[MI]", raw("Minolta MRW")),
    (rb"FOVb", raw("Sigma X3F")),
    (rb"ARRI\x12\x34\x56\x78", raw("ARRI")),
    (rb".{4}RED[12]", raw("RED R3D")),
    (rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", _picture("BMP")),
    (rb"%PDF|.{1,1000}%PDF-1", _picture("PDF")),
    (rb"%!PS|\xc5\xd0\xd3\xc6", _picture("EPS or PostScript")),
    (rb"8BPS", _picture("Photoshop")),
    (rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51", _picture("JPEG 2000")),
    (rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n", _picture("JPEG XL")),
    (rb"II\xbc\x01", _picture("JPEG XR")),
    (rb"\0\0[\x01\x02]\0[^\0]?.\0", _picture("icon (ICO)")),
    (rb"icns", _picture("icon (ICNS)")),
    (rb"P[1-7][\s#]", _picture("PNM")),
    (rb"FLIF", _picture("FLIF")),
    (rb"BPG\xfb", _picture("BPG")),
    (rb"qoif", _picture("QOI")),
    (rb"DDS ", _picture("DDS")),
    (rb"SIMPLE  =", _picture("FITS")),
    (rb".{128}DICM", _picture("DICOM")),
    (rb"\x76\x2f\x31\x01", _picture("OpenEXR")),
    (rb"#\?(?:RADIANCE|RGBE)", _picture("Radiance HDR")),
    (rb"\xd7\xcd\xc6\x9a|\x01\0\0\0.{36} EMF", _picture("Windows metafile")),
    (rb"gimp xcf", _picture("GIMP")),
    (rb"\x0a[\0-\x05]\x01[\x01\x02\x04\x08]", _picture("PCX")),
    (rb"AT&TFORM", _picture("DjVu")),
    (rb"PK\x03\x04.{26}(?:word|xl|ppt|mimetype|\[Content_Types\])", _OFFICE),
    (rb"\xd0\xcf\x11\xe0|\{\\rtf", _OFFICE),
    (rb"PK\x03\x04|\x1f\x8b|Rar!|7z\xbc\xaf|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd|.{257}ustar", _ARCHIVE),
    (rb"\x1aE\xdf\xa3|RIFF.{4}AVI |\0\0\x01[\xb3\xba]|FLV\x01|0&\xb2\x75\x8e\x66\xcf\x11", VIDEO),
    (rb"OggS.{24,32}\x80theora|\x47.{187}\x47|.{4}(?:moov|mdat|wide|pnot|free|skip)", VIDEO),
    (rb"ID3|OggS|RIFF.{4}WAVE|fLaC|\xff[\xf1-\xf3\xf9-\xfb]|#!AMR|MThd|FORM.{4}AIF|\.snd", SOUND),
)
_PATTERNS = tuple((re.compile(pattern, re.DOTALL), sentence) for pattern, sentence in _KINDS)
_CONTROL = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")


def refusal(data: bytes) -> ImageTypeUnsupported:
    """The error that says what kind of file this is."""
    if tiff.is_tiff(data):
        kind = tiff.raw_kind(data)
        return ImageTypeUnsupported(raw(kind) if kind else _picture("TIFF"))
    beginning = data[:4096].removeprefix(b"\xef\xbb\xbf")
    unknown = _TEXT if _is_text(beginning) else _UNKNOWN
    found = (sentence for pattern, sentence in _PATTERNS if pattern.match(beginning))
    return ImageTypeUnsupported(next(found, unknown))


def _is_text(beginning: bytes) -> bool:
    """Whether this is text in UTF-8; the last character may be cut in two."""
    try:
        beginning[:-3].decode()
    except UnicodeDecodeError as error:
        if error.start < len(beginning) - 7:
            return False
    return not _CONTROL.search(beginning)
