"""Decoded pictures have the right colours and are upright, whatever kind of file they come in."""

import io
import threading
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from common import images
from common.errors import ImageTooLarge, ImageTypeUnsupported, ImageUnreadable
from support.hostile_pictures import (
    chunk,
    gradient,
    jpeg_with,
    orientation,
    picture,
    png,
    segment,
)
from support.shared import SHARED, needs_shared

# What Pillow's decoders and the resizing may differ by, of 255.
CLOSE = 6.0


def far(pixels: NDArray[np.uint8], expected: Image.Image) -> float:
    """Mean difference from a picture, resized in the plainest way."""
    size = pixels.shape[1], pixels.shape[0]
    plain = np.asarray(expected.convert("RGB").resize(size, Image.Resampling.BILINEAR))
    return float(np.abs(pixels.astype(int) - plain).mean())


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def half_clear() -> Image.Image:
    """The left half transparent, with red hidden below; the right half blue."""
    image = Image.new("RGBA", (64, 48), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (32, 0, 64, 48))
    return image


def on_white() -> Image.Image:
    image = Image.new("RGB", (64, 48), "white")
    image.paste((0, 0, 255), (32, 0, 64, 48))
    return image


KINDS = {
    "JPEG": ("JPEG", {}),
    "JPEG, progressive": ("JPEG", {"progressive": True}),
    "JPEG, 4:4:4": ("JPEG", {"subsampling": 0}),
    "MPO": ("MPO", {}),
    "PNG": ("PNG", {}),
    "PNG, optimised": ("PNG", {"optimize": True}),
    "WEBP": ("WEBP", {}),
    "WEBP, lossless": ("WEBP", {"lossless": True}),
    "AVIF": ("AVIF", {}),
    "GIF": ("GIF", {}),
}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("size", [(64, 48), (48, 64), (700, 500)])
def test_kinds(name: str, size: tuple[int, int]) -> None:
    kind, options = KINDS[name]
    data = saved(gradient(*size), kind, **options)
    result = images.load_image(data, (32, 40))
    assert result.format == ("JPEG" if kind == "MPO" else kind)
    assert (result.width, result.height) == size
    assert result.pixels.shape == (32, 40, 3)
    assert result.pixels.dtype == np.uint8
    assert far(result.pixels, gradient(*size)) < CLOSE


def test_heic() -> None:
    heif = pytest.importorskip("pillow_heif", reason="the extra pillow-heif is not installed")
    out = io.BytesIO()
    heif.from_pillow(gradient(64, 48)).save(out, quality=90)
    result = images.load_image(out.getvalue(), (48, 64))
    assert (result.format, result.width, result.height) == ("HEIC", 64, 48)
    assert far(result.pixels, gradient(64, 48)) < CLOSE


MODES: dict[str, tuple[Callable[[], bytes], Callable[[], Image.Image]]] = {
    "grey JPEG": (lambda: saved(gradient(64, 48, "L"), "JPEG"), lambda: gradient(64, 48, "L")),
    "CMYK JPEG": (lambda: saved(gradient(64, 48, "CMYK"), "JPEG"), lambda: gradient(64, 48)),
    "grey PNG": (lambda: saved(gradient(64, 48, "L"), "PNG"), lambda: gradient(64, 48, "L")),
    "1 bit": (lambda: saved(gradient(64, 48, "1"), "PNG"), lambda: gradient(64, 48, "1")),
    "palette": (lambda: saved(gradient(64, 48, "P"), "PNG"), lambda: gradient(64, 48, "P")),
    "grey of 16 bits": (
        lambda: saved(
            Image.fromarray(np.asarray(gradient(64, 48, "L")).astype(np.uint16) * 257), "PNG"
        ),
        lambda: gradient(64, 48, "L"),
    ),
    "grey of 16 bits, one value clear": (
        lambda: png(2, 2, 16, 0, chunk(b"tRNS", b"\0\0")),
        lambda: Image.new("RGB", (2, 2), "white"),
    ),
    "colour of 16 bits": (lambda: png(2, 2, 16, 2), lambda: Image.new("RGB", (2, 2))),
    "alpha in PNG": (lambda: saved(half_clear(), "PNG"), on_white),
    "alpha in WebP": (lambda: saved(half_clear(), "WEBP", lossless=True), on_white),
    "alpha in AVIF": (lambda: saved(half_clear(), "AVIF", quality=100), on_white),
    "alpha in GIF": (lambda: saved(half_clear(), "GIF"), on_white),
    "alpha in a palette": (lambda: saved(half_clear().quantize(), "PNG"), on_white),
    "grey with alpha": (
        lambda: saved(Image.new("LA", (8, 8), (0, 0)), "PNG"),
        lambda: Image.new("RGB", (8, 8), "white"),
    ),
}


@pytest.mark.parametrize("name", MODES)
def test_colours(name: str) -> None:
    make, expected = MODES[name]
    assert far(images.decode(make(), (48, 64)), expected()) < CLOSE


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "I;16"])
@pytest.mark.parametrize("target", [(224, 224), (1000, 37), (2000, 1500)])
def test_a_large_picture_is_converted_in_strips_and_looks_the_same(
    mode: str, target: tuple[int, int]
) -> None:
    large = gradient(1711, 1303, "L" if mode == "I;16" else mode)
    stored = large
    if mode == "I;16":
        stored = Image.fromarray(np.asarray(large).astype(np.uint16) * 257)
    assert far(images.decode(saved(stored, "PNG", compress_level=1), target), large) < CLOSE


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("value", range(1, 9))
def test_exif_orientation(value: int, order: str) -> None:
    """The picture is stored turned, and comes out as it was."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = gradient(64, 48)
    stored = upright.transpose(undo[value]) if value in undo else upright
    block = orientation(value, order)
    files = {
        "JPEG": jpeg_with(block, jpeg=saved(stored, "JPEG", quality=95)),
        "PNG": saved(stored, "PNG", exif=block[4:]),
        "WEBP": saved(stored, "WEBP", lossless=True, exif=block[4:]),
        "AVIF": saved(stored, "AVIF", quality=95, exif=block[4:]),
    }
    for kind, data in files.items():
        result = images.load_image(data, (48, 64))
        assert (result.width, result.height) == (64, 48), kind
        assert far(result.pixels, upright) < CLOSE, kind
        shown = Image.open(io.BytesIO(images.preview(data)))
        assert shown.size == (64, 48), kind
        assert far(np.asarray(shown), upright) < CLOSE, kind


def test_the_first_frame_counts() -> None:
    frames = [gradient(64, 48), Image.new("RGB", (64, 48), "white")]
    for kind in ("GIF", "WEBP", "PNG", "MPO", "AVIF"):
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        assert far(images.decode(data, (48, 64)), frames[0]) < CLOSE, kind


def test_preview_keeps_proportions_and_no_metadata() -> None:
    secret = segment(0xFE, b"my address") + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0secret")
    data = jpeg_with(secret, jpeg=picture("JPEG", 1600, 800))
    shown = images.preview(data)
    image = Image.open(io.BytesIO(shown))
    assert image.size == (640, 320)
    assert b"secret" not in shown
    assert b"address" not in shown
    assert not image.getexif()
    assert Image.open(io.BytesIO(images.preview(picture("PNG", 64, 48)))).size == (64, 48)


def test_very_long_and_very_thin() -> None:
    for size in ((20_000, 1), (1, 20_000)):
        data = saved(Image.new("RGB", size, "red"), "PNG")
        assert images.decode(data, (224, 224)).shape == (224, 224, 3)
        assert max(Image.open(io.BytesIO(images.preview(data))).size) == 640


AWKWARD = {
    "16bit.cropped.tif": "TIFF",
    "broken.png": ImageUnreadable,
    "broken_data_stream.png": ImageUnreadable,
    "decompression_bomb.gif": ImageTooLarge,
    "hopper.bmp": "BMP",
    "hopper.tif": "TIFF",
    "l2rgb_read.bmp": "BMP",
    "png_decompression_dos.png": ImageUnreadable,
    "truncated_image.png": ImageUnreadable,
    "truncated_jpeg.jpg": ImageUnreadable,
    "zero_width.gif": ImageUnreadable,
}


@needs_shared
def test_awkward_files() -> None:
    """Real files from the wild: what is listed is refused so, everything else is read."""
    folder = SHARED / "data" / "awkward"
    for path in sorted(folder.iterdir()):
        data, expected = path.read_bytes(), AWKWARD.get(path.name)
        if expected is None:
            assert images.decode(data, (64, 64)).shape == (64, 64, 3), path.name
        elif isinstance(expected, str):
            with pytest.raises(ImageTypeUnsupported, match=expected):
                images.decode(data, (64, 64))
        else:
            with pytest.raises(expected):
                images.decode(data, (64, 64))


@needs_shared
def test_awkward_files_have_the_right_colours_and_are_upright() -> None:
    folder = SHARED / "data" / "awkward"
    hopper = Image.open(folder / "hopper.png")
    for path in sorted(folder.glob("hopper*.*")):
        if path.suffix in {".tif", ".bmp"}:
            continue
        reference = hopper.convert("L") if "gray" in path.name else hopper
        assert far(images.decode(path.read_bytes(), (128, 128)), reference) < 10, path.name
    cmyk = folder / "pil_sample_cmyk.jpg"
    assert far(images.decode(cmyk.read_bytes(), (100, 100)), Image.open(cmyk)) == 0


def test_from_many_threads_at_once() -> None:
    files = [saved(gradient(64, 48), kind) for kind in ("JPEG", "PNG", "AVIF", "WEBP")] * 8
    wrong: list[float] = []

    def decode(data: bytes) -> None:
        wrong.append(far(images.decode(data, (48, 64)), gradient(64, 48)))

    threads = [threading.Thread(target=decode, args=(data,)) for data in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(wrong) == len(files)
    assert max(wrong) < CLOSE
