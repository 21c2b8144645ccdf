"""Photos as people's arrive, for measuring: each disturbance at one strength, the same every time.

Drawn by other code than the views that a robust network learns from (`train.views`), so that a
figure does not say how well that code was learned by heart.
"""

import io
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

WIDTH = 480
"""Side, in pixels, that photos are brought to before they are disturbed or composed."""

Disturb = Callable[[Image.Image, int], Image.Image]


def _quarter(image: Image.Image, number: int) -> Image.Image:
    frame = Image.new("RGB", (image.width * 2, image.height * 2), (118, 122, 110))
    frame.paste(image, (image.width * (number % 2), image.height * (number // 2 % 2)))
    return frame


def _thumbnail(image: Image.Image, number: int) -> Image.Image:
    small = image.copy()
    small.thumbnail((48, 48), Image.Resampling.BICUBIC)
    return small


def _compressed(image: Image.Image, number: int) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=5)
    return Image.open(out).convert("RGB")


def _blurred(image: Image.Image, part: int) -> Image.Image:
    """Gaussian, its standard deviation that part of the longer side."""
    return image.filter(ImageFilter.GaussianBlur(max(image.size) / part))


def _screenshot(image: Image.Image, number: int) -> Image.Image:
    """A gallery on a phone of 1080 x 2340, a third as large: bars above and below the photo."""
    light = number % 2 == 0
    paper, ink = ((250, 250, 250), (60, 60, 60)) if light else ((0, 0, 0), (210, 210, 210))
    screen = Image.new("RGB", (360, 780), paper)
    fitted = ImageOps.contain(image, (360, 560))
    screen.paste(fitted, ((360 - fitted.width) // 2, (780 - fitted.height) // 2))
    draw = ImageDraw.Draw(screen)
    draw.text((16, 8), "12:45", fill=ink)
    draw.rectangle((322, 10, 342, 18), outline=ink)
    draw.polygon([(20, 48), (30, 40), (30, 56)], fill=ink)
    draw.text((140, 42), "IMG_2041", fill=ink)
    for x in (60, 180, 300):
        draw.ellipse((x - 9, 732, x + 9, 750), outline=ink, width=2)
    return screen


ONE: dict[str, Disturb] = {
    "as they are": lambda image, number: image,
    "upside down": lambda image, number: image.rotate(180),
    "sideways": lambda image, number: image.rotate((90, 270)[number % 2], expand=True),
    "dark": lambda image, number: ImageEnhance.Brightness(image).enhance(0.25),
    "grey": lambda image, number: image.convert("L").convert("RGB"),
    "blurred": lambda image, number: _blurred(image, 150),
    "far out of focus": lambda image, number: _blurred(image, 70),
    "screenshot": _screenshot,
    "a quarter of the frame": _quarter,
    "48 pixels": _thumbnail,
    "quality 5": _compressed,
}
"""What is done to one photo, and what it is called."""


def beside(one: Image.Image, two: Image.Image, number: int) -> Image.Image:
    """Two photos side by side, of the same height."""
    parts = [ImageOps.fit(image, (300, 360)) for image in (one, two)[:: 1 if number % 2 else -1]]
    frame = Image.new("RGB", (600, 360))
    for i, image in enumerate(parts):
        frame.paste(image, (300 * i, 0))
    return frame


def inside(one: Image.Image, two: Image.Image, number: int) -> Image.Image:
    """The second photo in a corner of the first, at two fifths of its size."""
    frame = one.copy()
    small = ImageOps.contain(two, (round(one.width * 0.4), round(one.height * 0.4)))
    left = (frame.width - small.width - 8) if number % 2 else 8
    top = (frame.height - small.height - 8) if number // 2 % 2 else 8
    frame.paste(small, (left, top))
    return frame


TWO = {"side by side": beside, "inset": inside}
"""How two photos are put into one picture."""
