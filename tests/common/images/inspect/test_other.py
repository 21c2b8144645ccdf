"""What is not accepted is called by its name, and the sender is told what to send instead."""

import base64
import io
import struct
import zipfile
from collections.abc import Callable

import pytest

from common.errors import ImageTypeUnsupported
from common.images.inspect import inspect
from support.hostile_pictures import picture
from support.shared import SHARED, needs_shared


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    """The beginning of a file of the MPEG-4 family, with a picture's size somewhere in it."""
    brands = major + b"\0\0\0\1" + b"".join(compatible)
    box = struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands
    return box + b"\0\0\0\x14ispe\0\0\0\0\0\0\0\x40\0\0\0\x40" + bytes(100)


def tiff(order: str, make: str, **tags: int) -> bytes:
    """A TIFF whose first directory says what made it."""
    numbers = {
        "subfile": 0x00FE,
        "width": 0x0100,
        "compression": 0x0103,
        "photometric": 0x0106,
        "dng": 0xC612,
    }
    entries = {numbers[name]: value for name, value in tags.items()}
    directory = b""
    make_at = 8 + 2 + 12 * (len(entries) + 1) + 4
    for tag, value in sorted((entries | {0x010F: make_at}).items()):
        if tag == 0x010F:
            directory += struct.pack(order + "HHII", tag, 2, len(make) + 1, value)
        elif tag == 0xC612:
            directory += struct.pack(order + "HHI4s", tag, 1, 4, b"\1\4\0\0")
        elif tag == 0x00FE:
            directory += struct.pack(order + "HHII", tag, 4, 1, value)
        else:
            directory += struct.pack(order + "HHIHH", tag, 3, 1, value, 0)
    head = b"II*\0" if order == "<" else b"MM\0*"
    count = struct.pack(order + "H", len(entries) + 1)
    return head + struct.pack(order + "I", 8) + count + directory + bytes(4) + make.encode() + b"\0"


def office() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    return out.getvalue()


PREVIEW = {"subfile": 1, "width": 160, "compression": 1, "photometric": 2}
FINISHED = {"subfile": 0, "width": 6000, "compression": 1, "photometric": 2}
RAW: dict[str, bytes] = {
    "Canon CR3": ftyp(b"crx ", b"crx ", b"isom"),
    "Canon CR2": b"II*\0\x10\0\0\0CR\2\0" + bytes(100),
    "Canon CRW": b"II\x1a\0\0\0HEAPCCDR" + bytes(100),
    "Fujifilm RAF": b"FUJIFILMCCD-RAW 0201FF" + bytes(100),
    "Olympus ORF": b"IIRO\x08\0\0\0" + bytes(100),
    "Panasonic RW2": b"IIU\0\x18\0\0\0" + bytes(100),
    "Minolta MRW": b"\0MRM\0\0\1\0" + bytes(100),
    "Sigma X3F": b"FOVb\0\0\2\0" + bytes(100),
    "RED R3D": b"\0\0\4\0RED2" + bytes(100),
    "Phase One IIQ": b"II*\0\x08\0\0\0IIII\x1a\0raw" + bytes(100),
    "Nikon NEF": tiff(">", "NIKON CORPORATION", **PREVIEW),
    "Sony ARW": tiff("<", "SONY", **PREVIEW),
    "Pentax PEF": tiff(">", "PENTAX Corporation", compression=65535, photometric=32803),
    "Samsung SRW": tiff("<", "SAMSUNG", **PREVIEW),
    "Hasselblad 3FR": tiff(">", "Hasselblad", **PREVIEW),
    "Kodak DCR": tiff(">", "EASTMAN KODAK COMPANY", **PREVIEW),
    "Mamiya MEF": tiff(">", "Mamiya-OP Co., Ltd.", **PREVIEW),
    "Leaf MOS": tiff(">", "Leaf", **PREVIEW),
    "Epson ERF": tiff(">", "SEIKO EPSON CORP.", compression=32769),
    "DNG": tiff("<", "Google", dng=1, **PREVIEW),
    "Acme Optics": tiff("<", "Acme Optics", photometric=32803),
}


@pytest.mark.parametrize("name", RAW)
def test_a_raw_file_is_called_so_and_a_jpeg_asked_for(name: str) -> None:
    with pytest.raises(ImageTypeUnsupported, match=f"raw file .{name}.*JPEG"):
        inspect(RAW[name])


def _ogg(codec: bytes) -> bytes:
    return b"OggS\0\2" + bytes(20) + b"\1\x2a" + codec + bytes(100)


OTHERS: dict[str, tuple[Callable[[], bytes], str]] = {
    "a TIFF that a camera's software made": (lambda: tiff(">", "NIKON", **FINISHED), "TIFF"),
    "a damaged TIFF": (lambda: b"II*\0\xff\xff\xff\xff", "TIFF"),
    "mp4": (lambda: ftyp(b"isom", b"isom", b"avc1"), "a video.*one frame"),
    "mov": (lambda: ftyp(b"qt  ", b"qt  "), "a video.*one frame"),
    "mov of the time before ftyp": (lambda: b"\0\0\0\x08wide\0\0\1\0mdat" + bytes(99), "a video"),
    "m4v": (lambda: ftyp(b"M4V ", b"M4V ", b"M4A ", b"mp42"), "a video"),
    "3gp": (lambda: ftyp(b"3gp5", b"isom"), "a video"),
    "mkv": (lambda: b"\x1aE\xdf\xa3" + bytes(99), "a video"),
    "wmv": (lambda: b"0&\xb2\x75\x8e\x66\xcf\x11" + bytes(99), "a video"),
    "flv": (lambda: b"FLV\1\5" + bytes(99), "a video"),
    "mpeg-ts": (lambda: (b"\x47" + bytes(187)) * 3, "a video"),
    "theora": (lambda: _ogg(b"\x80theora"), "a video"),
    "m4a": (lambda: ftyp(b"M4A ", b"M4A ", b"mp42"), "a sound file"),
    "m4b": (lambda: ftyp(b"M4B ", b"isom"), "a sound file"),
    "opus": (lambda: _ogg(b"OpusHead"), "a sound file"),
    "mp3 without a tag": (lambda: b"\xff\xfb\x90\x64" + bytes(99), "a sound file"),
    "aac": (lambda: b"\xff\xf1\x50\x80" + bytes(99), "a sound file"),
    "aiff": (lambda: b"FORM\0\0\0\0AIFF" + bytes(99), "a sound file"),
    "HIF in H.264": (lambda: ftyp(b"msf1", b"avci", b"mif1"), "HEIF picture .*H.264.*JPEG"),
    "HIF in H.264, by its major brand": (lambda: ftyp(b"avci", b"mif1"), "HEIF picture .*H.264"),
    "HEIF in H.266": (lambda: ftyp(b"vvic", b"mif1"), "H.266"),
    "HEIF in JPEG 2000": (lambda: ftyp(b"j2ki", b"mif1"), "JPEG 2000"),
    "a sequence of HEIF": (
        lambda: ftyp(b"msf1", b"hevc").replace(b"ispe", b"none"),
        "sequence of HEIF pictures.*JPEG",
    ),
    "docx": (office, "office document"),
    "doc": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "office document"),
    "tar": (lambda: b"cat.jpg".ljust(257, b"\0") + b"ustar\0" + bytes(999), "archive"),
    "zstd": (lambda: b"\x28\xb5\x2f\xfd" + bytes(99), "archive"),
    "jxr": (lambda: b"II\xbc\x01" + bytes(99), "JPEG XR"),
    "dicom": (lambda: bytes(128) + b"DICM" + bytes(99), "DICOM"),
    "a page with a drawing in it": (
        lambda: b"<!-- x --><!doctype HTML><html><body><svg width=1></svg>",
        "a web page",
    ),
    "a page without a doctype": (lambda: b"<link x><body>cat</body>", "a web page"),
    "json": (lambda: b'{"message": "Not Found", "name": "K\xc3\xa4tzchen"}', "This is text"),
    "text of another script, cut": (lambda: ("猫" * 2000).encode(), "This is text"),
    "base64": (lambda: base64.b64encode(picture("JPEG")), "base64 text"),
    "a data address": (lambda: b"data:image/png;base64,iVBORw0KGgo=", "base64 text"),
    "noise": (lambda: bytes(range(255, 0, -1)) * 9, "not a picture of a kind that is read here"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_called_by_their_name(name: str) -> None:
    make, sentence = OTHERS[name]
    with pytest.raises(ImageTypeUnsupported, match=sentence):
        inspect(make())


@needs_shared
def test_a_real_raw_file() -> None:
    data = (SHARED / "data" / "reported" / "60_canon_raw.CR3").read_bytes()
    with pytest.raises(ImageTypeUnsupported, match="Canon CR3"):
        inspect(data)


def test_comments_without_end_are_looked_at_once() -> None:
    """No pattern goes back and forth over what a stranger sends."""
    for unit in (b"<!---->", b"<?xml>", b"<", b" ", b"<a:"):
        with pytest.raises(ImageTypeUnsupported):
            inspect(unit * (4_000_000 // len(unit)))
