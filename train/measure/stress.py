"""Photos as people's arrive, for measuring: each disturbance at one strength, the same every time.

None of it is code of the views that a robust network learns from (`train.views`), so that a
figure does not say how well that code was learned by heart.
"""

from collections.abc import Callable

from PIL import Image, ImageDraw, ImageOps

from train.measure.disturbances import PAPER, blurred, compressed, dark, small

Disturb = Callable[[Image.Image, int], Image.Image]


def _quarter(image: Image.Image, number: int) -> Image.Image:
    frame = Image.new("RGB", (image.width * 2, image.height * 2), PAPER)
    frame.paste(image, (image.width * (number % 2), image.height * (number // 2 % 2)))
    return frame


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
    "dark": lambda image, number: dark(image, 0.25),
    "grey": lambda image, number: image.convert("L").convert("RGB"),
    "blurred": lambda image, number: blurred(image, 1 / 150),
    "far out of focus": lambda image, number: blurred(image, 1 / 70),
    "screenshot": _screenshot,
    "a quarter of the frame": _quarter,
    "48 pixels": lambda image, number: small(image, 48),
    "quality 5": lambda image, number: compressed(image, 5),
}
"""What is done to one photo, and what it is called."""


def beside(one: Image.Image, two: Image.Image, number: int) -> Image.Image:
    """Two photos side by side, cropped to the same size."""
    return _row([ImageOps.fit(image, (300, 360)) for image in (one, two)], number)


def uncropped(one: Image.Image, two: Image.Image, number: int) -> Image.Image:
    """Two photos side by side, whole, scaled to the same height."""
    widths = [max(1, round(image.width * 360 / image.height)) for image in (one, two)]
    pairs = zip((one, two), widths, strict=True)
    return _row([image.resize((width, 360)) for image, width in pairs], number)


def _row(photos: list[Image.Image], number: int) -> Image.Image:
    """Photos of the same height side by side; of even numbers, the last comes first."""
    frame = Image.new("RGB", (sum(image.width for image in photos), photos[0].height))
    left = 0
    for image in photos if number % 2 else reversed(photos):
        frame.paste(image, (left, 0))
        left += image.width
    return frame


def inside(one: Image.Image, two: Image.Image, number: int) -> Image.Image:
    """The second photo in a corner of the first, at two fifths of its size."""
    frame = one.copy()
    added = ImageOps.contain(two, (round(one.width * 0.4), round(one.height * 0.4)))
    left = (frame.width - added.width - 8) if number % 2 else 8
    top = (frame.height - added.height - 8) if number // 2 % 2 else 8
    frame.paste(added, (left, top))
    return frame


TWO = {"side by side": beside, "side by side, whole": uncropped, "inset": inside}
"""How two photos are put into one picture."""
