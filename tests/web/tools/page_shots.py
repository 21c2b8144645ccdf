"""Screenshots of every state of the page, light and dark, desktop and phone: `make page-shots`.

    python -m tests.web.tools.page_shots [FOLDER [STATE …]]

With the photos of ../shared beside the checkout and models/cat_dog made, the pictures are real
photos; else they are drawn. `readme.png` is the one in the README (docs/images/page.png): the
shipped model, and the one photo that is part of this project.
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from support.running import ROOT
from support.shared import PHOTOS, SHARED
from tests.web.conftest import ARGUMENTS, CHROMIUM
from tests.web.site import running_site
from tests.web.states import STATES, Pictures, drawn

LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 390, "height": 780},
        "color_scheme": "light",
        "has_touch": True,
        "is_mobile": True,
        "device_scale_factor": 2,
    },
}


def real() -> Pictures | None:
    """Photos nobody trained on, where they and the model are."""
    if not PHOTOS.is_dir() or not (ROOT / "models" / "cat_dog" / "model.onnx").is_file():
        return None
    return {
        "cat": PHOTOS / "validation" / "cats" / "cat.1042.jpg",
        "dog": PHOTOS / "validation" / "dogs" / "dog.1020.jpg",
        "neither": next((SHARED / "data" / "neither").glob("*chair*.jpg")),
    }


def readme(browser: Browser, folder: Path, target: Path) -> None:
    """The answer of the shipped model about docs/cat.jpg."""
    nothing = folder / "no-photos"
    nothing.mkdir()
    with running_site(folder, models=ROOT / "models", photo_folder=nothing) as site:
        page = browser.new_page(viewport={"width": 1200, "height": 660}, reduced_motion="reduce")
        page.goto(site.url)
        page.set_input_files("#files", ROOT / "docs" / "cat.jpg")
        page.wait_for_selector(".card.answer")
        page.screenshot(path=target)
        page.close()
    Image.open(target).convert("RGB").quantize(256, kmeans=2).save(target, optimize=True)


def main(target: Path, *wanted: str) -> None:
    target.mkdir(parents=True, exist_ok=True)
    pictures = real()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings = (
            {"models": ROOT / "models", "photo_folder": PHOTOS / "validation"} if pictures else {}
        )
        # Random from the folder: the photos of the local Flickr are drawn ones.
        sources = {"PHOTO_SOURCES": "folder"} if pictures else {}
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        with running_site(Path(folder), **settings, **sources) as site:  # type: ignore[arg-type]
            for look, options in LOOKS.items():
                for name, reach in STATES.items():
                    if wanted and name not in wanted:
                        continue
                    context = browser.new_context(reduced_motion="reduce", **options)  # type: ignore[arg-type]
                    page = context.new_page()
                    reach(page, site, pictures or drawn(Path(folder)))
                    page.screenshot(path=target / f"{name}-{look}.png")
                    context.close()
                    print(target / f"{name}-{look}.png")
        if not wanted and (ROOT / "models" / "cat_dog" / "model.onnx").is_file():
            readme(browser, Path(folder), target / "readme.png")
            print(target / "readme.png")
        browser.close()


if __name__ == "__main__":
    folder, *names = sys.argv[1:] or [ROOT / ".cache" / "page-shots"]
    main(Path(folder), *map(str, names))
