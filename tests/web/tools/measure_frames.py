"""How often the photo in a screenshot is found, and what of ordinary photos is taken for one.

    python -m tests.web.tools.measure_frames [FOLDER_FOR_THE_SCREENSHOTS]

Asks the shipped model and the page about 60 drawn screenshots and 300 ordinary photos; the photos
are those of ../shared that are no part of the tutorials' split.
"""

import random
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Page, sync_playwright

from support.running import ROOT, RunningService, running_service
from support.screenshots import Screenshot, draw, overlap
from support.shared import SHARED
from tests.web.conftest import ARGUMENTS, CHROMIUM

MORE = SHARED / "data" / "kaggle_more_native"
SCREENSHOTS, ORDINARY = 60, 300
FOUND = 0.6
"""Intersection over union from which on the photo counts as found."""
_OFFERED = """async (src) => {
    const { photoWithin } = await import('./js/answer/frames.js');
    const image = Object.assign(new Image(), { src });
    await image.decode();
    return photoWithin(image);
}"""


def ask(service: RunningService, page: Page, data: bytes) -> dict[str, Any]:
    """What the service says, and what the page would offer besides."""
    result: dict[str, Any] = requests.post(
        f"{service.url}/api/v1/classify?preview=true", files={"image": data}, timeout=60
    ).json()
    result.setdefault("look", None)
    result["offer"] = page.evaluate(_OFFERED, result["preview"])
    return result


def expected(shot: Screenshot) -> str:
    """The verdict on what is seen in it: the files are named `cat.….jpg` and `dog.….jpg`."""
    animals = {photo.name[:3] for photo in shot.photos}
    return animals.pop() if len(animals) == 1 else "several"


def report(name: str, answers: list[tuple[Screenshot, dict[str, Any]]]) -> None:
    """A line of the table: how often a part was taken or offered, and how often it is the photo."""
    cells = []
    for parts in (
        [(answer["look"] or {}).get("region") for _, answer in answers],
        [answer["offer"] for _, answer in answers],
    ):
        pairs = zip(parts, (shot.box for shot, _ in answers), strict=True)
        cells.append(f"{sum(map(bool, parts))} ({sum(overlap(*pair) > FOUND for pair in pairs)})")
    right = sum(answer["verdict"] == expected(shot) for shot, answer in answers)
    print("|", " | ".join([name, str(len(answers)), *cells, str(right)]), "|", flush=True)


def main(folder: Path) -> None:
    """Draw, ask and print a table in Markdown."""
    photos = sorted(MORE.glob("*s/*.jpg"))
    random.Random(7).shuffle(photos)
    around, ordinary = photos[: 2 * SCREENSHOTS], photos[2 * SCREENSHOTS :][:ORDINARY]
    folder.mkdir(parents=True, exist_ok=True)
    with (
        running_service(folder, MODEL_DIR=ROOT / "models", WEB_CONCURRENCY=1) as service,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        page.goto(service.url)
        print("| kind | pictures | taken (the photo) | offered (the photo) | right |")
        print("|---|---|---|---|---|")
        by_kind = defaultdict(list)
        for number, shot in enumerate(draw(browser, around, SCREENSHOTS)):
            (folder / f"{number:02}.png").write_bytes(shot.png)
            by_kind[shot.kind].append((shot, ask(service, page, shot.png)))
        for kind, answers in by_kind.items():
            report(kind, answers)
        plain = [Screenshot("", (photo,), photo.read_bytes(), None) for photo in ordinary]
        report("ordinary photos", [(shot, ask(service, page, shot.png)) for shot in plain])
        browser.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(sys.argv[1] if sys.argv[1:] else temporary))
