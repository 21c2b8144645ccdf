"""Ways to disturb a photo for measuring, each by a strength.

Other code than the views that a robust network learns from (`train.views`), so that a figure does
not say how well that code was learned by heart.
"""

import io

from PIL import Image, ImageEnhance, ImageFilter

PAPER = (118, 122, 110)
"""What a plain frame looks like."""


def turned(image: Image.Image, degrees: float) -> Image.Image:
    """Turned to the left by so many degrees; the corners are filled."""
    return image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=PAPER)


def small(image: Image.Image, pixels: float) -> Image.Image:
    """A thumbnail, its longer side so many pixels."""
    thumbnail = image.copy()
    thumbnail.thumbnail((round(pixels), round(pixels)))
    return thumbnail


def blurred(image: Image.Image, part: float) -> Image.Image:
    """Gaussian, its standard deviation that part of the longer side."""
    return image.filter(ImageFilter.GaussianBlur(max(image.size) * part))


def dark(image: Image.Image, light: float) -> Image.Image:
    """With that share of the light."""
    return ImageEnhance.Brightness(image).enhance(light)


def compressed(image: Image.Image, quality: float) -> Image.Image:
    """A JPEG of that quality."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=round(quality))
    return Image.open(out).convert("RGB")


def far(image: Image.Image, share: float) -> Image.Image:
    """Below the middle of a plain frame, as small as that share of its side."""
    frame = Image.new("RGB", image.size, PAPER)
    tiny = image.resize((max(1, round(image.width * share)), max(1, round(image.height * share))))
    frame.paste(tiny, ((frame.width - tiny.width) // 3, (frame.height - tiny.height) * 2 // 3))
    return frame


def close(image: Image.Image, share: float) -> Image.Image:
    """Only the middle of it, at least a pixel."""
    across, down = (max(1, round(length * share)) for length in image.size)
    left, top = (image.width - across) // 2, (image.height - down) // 2
    return image.crop((left, top, left + across, top + down))
