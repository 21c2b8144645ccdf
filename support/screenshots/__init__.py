"""Screenshots as phones and desktops make them, drawn by Chromium around real photos."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

SCREENS = Path(__file__).parent / "screens.html"
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}

Box = tuple[float, float, float, float]
"""Left, top, width and height as shares of the picture."""

_FILL = """async ([kind, photos]) => {
    const template = document.getElementById(kind);
    document.body.append(template.content.cloneNode(true));
    const images = [...document.querySelectorAll('body img')];
    images.forEach((image, i) => { image.src = photos[i]; });
    await Promise.all(images.map((image) => image.decode()));
    const screen = template.dataset.cut === undefined
        ? new DOMRect(0, 0, innerWidth, innerHeight)
        : document.body.lastElementChild.getBoundingClientRect();
    const { left, top, right, bottom } = images[0].getBoundingClientRect();
    const share = (edge, from, length) => Math.min(Math.max((edge - from) / length, 0), 1);
    const [x0, x1] = [left, right].map((edge) => share(edge, screen.left, screen.width));
    const [y0, y1] = [top, bottom].map((edge) => share(edge, screen.top, screen.height));
    return [x0, y0, x1 - x0, y1 - y0];
}"""


@dataclass(frozen=True)
class Screenshot:
    """A drawn screenshot, with what is known about it."""

    kind: str
    photos: tuple[Path, ...]
    """Those that are seen in it."""
    png: bytes
    box: Box | None
    """Where the photo lies; None where nothing is a frame around one photo."""


def draw(browser: Browser, photos: Sequence[Path], count: int) -> Iterator[Screenshot]:
    """Screenshots of every kind in turn, each around the next photos.

    Args:
        browser: Playwright's.
        photos: JPEG files, from which is begun anew where they are used up.
        count: of screenshots.
    """
    page = browser.new_page()
    page.set_content(SCREENS.read_text())
    kinds: list[tuple[str, dict[str, str]]] = page.evaluate(
        "[...document.querySelectorAll('template')].map((one) => [one.id, { ...one.dataset }])"
    )
    page.close()
    for number in range(count):
        kind, traits = kinds[number % len(kinds)]
        files = [photos[(2 * number + i) % len(photos)] for i in (0, 1)]
        page = browser.new_page(**(DESKTOP if "desktop" in traits else PHONE))  # type: ignore[arg-type]
        page.set_content(SCREENS.read_text())
        box = page.evaluate(_FILL, [kind, [_address(file) for file in files]])
        seen = page.locator("body img").count()
        target = page.locator("body > *").last if "cut" in traits else page
        png = target.screenshot()
        page.close()
        yield Screenshot(kind, tuple(files[:seen]), png, None if "whole" in traits else tuple(box))


def overlap(one: Box | None, other: Box | None) -> float:
    """Intersection over union of two boxes, 0..1; 0 where one is missing."""
    if one is None or other is None:
        return 0.0
    across, down = (
        min(one[i] + one[i + 2], other[i] + other[i + 2]) - max(one[i], other[i]) for i in (0, 1)
    )
    shared = max(across, 0.0) * max(down, 0.0)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def _address(file: Path) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(file.read_bytes()).decode()}"
