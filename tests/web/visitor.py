"""What a visitor does and sees, in a line each."""

import base64
import io
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Page

from tests.web.site import Site, solid

CAT, DOG = "A cat, no doubt", "A dog, no doubt"
PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}


def verdict(page: Page) -> str:
    """The answer, once it is there."""
    text: str = page.locator(".answer .verdict").first.inner_text()
    return text


def serve(site: Site, name: str, colour: str) -> str:
    """The address of a picture of that colour on the photo server."""
    site.photos.photos[f"/photo/{name}"] = (200, {"Content-Type": "image/jpeg"}, solid(colour))
    return f"{site.photos.url}/photo/{name}"


def screenshot(
    photo: str, size: tuple[int, int] = (390, 844), dark: bool = False
) -> dict[str, Any]:
    """A photo between a bar with words and buttons, as a phone's screen shows it."""
    back, ink = ((18, 18, 18), "white") if dark else ((250, 250, 250), "black")
    image = Image.new("RGB", size, back)
    draw = ImageDraw.Draw(image)
    for y in (14, 60, 640, 680, 720, 800):
        draw.text((20, y), "9:41   a friend of yours, and what was said", fill=ink)
    noise = Image.effect_noise((size[0], 480), 30).convert("RGB")
    image.paste(Image.blend(noise, Image.new("RGB", noise.size, photo), 0.8), (0, 110))
    return as_file(image)


def as_file(image: Image.Image) -> dict[str, Any]:
    """A picture to choose, as Playwright wants it."""
    data = io.BytesIO()
    image.save(data, "PNG")
    return {"name": "picture.png", "mimeType": "image/png", "buffer": data.getvalue()}


def hand_over(page: Page, event: str, target: str = "body", **content: Any) -> None:
    """Drop or paste: text by type, or `files` as (name, type, bytes)."""
    files = [
        (name, kind, base64.b64encode(data).decode())
        for name, kind, data in content.pop("files", [])
    ]
    texts = {kind.replace("_", "/", 1).replace("_", "-"): text for kind, text in content.items()}
    page.evaluate(
        """([event, target, files, texts]) => {
            const transfer = new DataTransfer();
            for (const [name, type, data] of files) {
                const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
                transfer.items.add(new File([bytes], name, {type}));
            }
            for (const [type, text] of Object.entries(texts)) transfer.setData(type, text);
            const init = {bubbles: true, cancelable: true};
            const made = event === 'paste'
                ? new ClipboardEvent(event, {...init, clipboardData: transfer})
                : new DragEvent(event, {...init, dataTransfer: transfer});
            document.querySelector(target).dispatchEvent(made);
        }""",
        [event, target, files, texts],
    )
