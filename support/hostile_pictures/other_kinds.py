"""Pictures and documents of kinds that are not accepted."""

from collections.abc import Callable

from support.hostile_pictures.build import picture

OTHER_KINDS: dict[str, tuple[Callable[[], bytes], str]] = {
    "tiff": (lambda: picture("TIFF"), "TIFF"),
    "big-endian tiff": (lambda: b"MM\0*\0\0\0\x08" + bytes(50), "TIFF"),
    "BigTIFF": (lambda: b"II+\0\x08\0\0\0" + bytes(50), "TIFF"),
    "bmp": (lambda: picture("BMP"), "BMP"),
    "ico": (lambda: picture("ICO"), "ICO"),
    "eps": (lambda: picture("EPS"), "EPS"),
    "postscript": (lambda: b"%!PS\n(/etc/passwd) (r) file", "PostScript"),
    "pdf": (lambda: picture("PDF"), "PDF"),
    "psd": (lambda: b"8BPS\0\1" + bytes(50), "Photoshop"),
    "jpeg 2000": (lambda: picture("JPEG2000"), "JPEG 2000"),
    "jpeg 2000 codestream": (lambda: b"\xff\x4f\xff\x51" + bytes(50), "JPEG 2000"),
    "jpeg xl": (lambda: b"\xff\x0a" + bytes(50), "JPEG XL"),
    "ppm": (lambda: picture("PPM"), "PNM"),
    "pcx": (lambda: picture("PCX"), "PCX"),
    "dds": (lambda: picture("DDS"), "DDS"),
    "qoi": (lambda: b"qoif" + bytes(50), "QOI"),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    "svg with a prologue": (
        lambda: (
            b'\xef\xbb\xbf<?xml version="1.0"?>\n<!DOCTYPE svg [<!ENTITY x SYSTEM '
            b'"file:///etc/passwd">]>\n<svg:svg>&x;</svg:svg>'
        ),
        "SVG",
    ),
    "web page": (lambda: b"\n<!DOCTYPE html><html><body>cat</body></html>", "web page"),
    "mp4": (lambda: b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(50), "video"),
    "webm": (lambda: b"\x1aE\xdf\xa3" + bytes(50), "video"),
    "zip": (lambda: b"PK\x03\x04" + bytes(50), "archive"),
    "gzip": (lambda: b"\x1f\x8b\x08" + bytes(50), "archive"),
    "mp3": (lambda: b"ID3\x04" + bytes(50), "sound"),
}
"""Name -> the function that makes the file, and the kind that the refusal names."""
