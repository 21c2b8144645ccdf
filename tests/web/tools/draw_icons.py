"""Draw the icons of the page and the picture of its links, out of web/icon.svg, in the browser.

    python -m tests.web.tools.draw_icons

They are kept in web/icons/; this is how they are made again after the drawing has changed.
"""

import io

from PIL import Image
from playwright.sync_api import sync_playwright

from support.running import ROOT
from tests.web.conftest import CHROMIUM

ICONS = ROOT / "web" / "icons"
PAPER = "#f6efe4"
# name -> width, height, width of the mascot, background, words
DRAWINGS = {
    "192": (192, 192, 0.92, "transparent", ""),
    "512": (512, 512, 0.92, "transparent", ""),
    "maskable": (512, 512, 0.62, PAPER, ""),
    "apple-touch": (180, 180, 0.74, PAPER, ""),
    "link": (1200, 630, 0.3, PAPER, "Cat, dog, or neither?"),
}
PAGE = """<!doctype html><style>
body {{ margin: 0; height: {height}px; display: flex; gap: 60px; align-items: center;
  justify-content: center; background: {background}; color: #2e241d;
  font: 600 92px/1.1 Palatino, P052, Georgia, serif; }}
svg {{ width: {mascot}px; flex: none; }} p {{ margin: 0; max-width: 560px; }}
small {{ display: block; margin-top: 30px; font: 34px/1.35 "Noto Sans", sans-serif;
  color: #66564a; }}
</style>{svg}{words}"""
MORE = "<small>Show me a photo. I’ll say what’s in it, how sure I am, and where I looked.</small>"


def main() -> None:
    ICONS.mkdir(exist_ok=True)
    svg = (ROOT / "web" / "icon.svg").read_text()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, (width, height, share, background, words) in DRAWINGS.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.set_content(
                PAGE.format(
                    height=height,
                    mascot=round(width * share),
                    background=background,
                    svg=svg,
                    words=f"<p>{words}{MORE}</p>" if words else "",
                )
            )
            shot = Image.open(io.BytesIO(page.screenshot(omit_background=True)))
            few = shot.convert("RGBA").quantize(48, method=Image.Quantize.FASTOCTREE)
            few.save(ICONS / f"{name}.png", optimize=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
