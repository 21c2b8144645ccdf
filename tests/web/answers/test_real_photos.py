"""The page with the shipped model and real photos, where both are there."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from support.running import ROOT
from support.shared import PHOTOS, needs_shared
from tests.web.conftest import Visits
from tests.web.site import Site, running_site

MODEL = ROOT / "models" / "cat_dog" / "model.onnx"

pytestmark = [
    needs_shared,
    pytest.mark.skipif(not MODEL.is_file(), reason=f"no shipped model at {MODEL}"),
]


@pytest.fixture(scope="module")
def real_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("real")
    with running_site(
        folder, models=ROOT / "models", photo_folder=PHOTOS / "validation", PHOTO_SOURCES="folder"
    ) as site:
        yield site


@pytest.mark.parametrize("kind", ["cat", "dog"])
def test_a_real_photo_and_a_random_one(browser: Browser, real_site: Site, kind: str) -> None:
    visits = Visits(browser, real_site)
    page = visits.page()
    page.goto(real_site.url)
    photos = sorted((PHOTOS / "validation" / f"{kind}s").iterdir())[:6]
    page.set_input_files("#files", photos)
    page.wait_for_selector("#answers:not([aria-busy])")
    verdicts = page.locator("#answers .verdict").all_inner_texts()
    assert sum(kind in text.lower() for text in verdicts) >= 5, verdicts
    page.locator("#subjects").get_by_text(kind, exact=True).click()
    page.get_by_role("button", name="Random").click()
    expect(page.locator("figcaption")).to_contain_text(f"“{kind} ")
    visits.close()
    assert visits.complaints == []
