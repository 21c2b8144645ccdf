"""The page beside every model: self-contained, and without photos where that is asked for."""

import json
import re
from pathlib import Path

import pytest

from train.__main__ import main


def test_the_report_is_one_page_with_its_pictures(tiny: Path) -> None:
    page = (tiny / "report" / "index.html").read_text()
    assert {p.name for p in (tiny / "report").iterdir()} == {"index.html", "history.json"}
    assert len(json.loads((tiny / "report" / "history.json").read_text())) == 3
    assert "History" in page
    assert re.search(r"Epoch [123] is kept", page)
    assert 'alt="plot"' not in page
    assert "calibration_band" not in page
    assert "Right and wrong" in page
    sources = re.findall(r'(?:src|href)="([^"]{0,20})', page)
    assert sources
    inside = ("data:image/", "#cell-")
    assert all(source.startswith(inside) for source in sources), "nothing from elsewhere"


def test_a_report_without_photos_holds_none(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "bare"
    small = ["--size", "32", "--epochs", "1", "--augment", "--no-photos"]
    assert main(["small", "--data", str(data), "--out", str(out), *small]) == 0
    page = (out / "report" / "index.html").read_text()
    assert "Augmentation" in page
    assert "<figure" not in page


def test_the_report_in_a_browser(tiny: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("requestfailed", lambda request: errors.append(request.url[:80]))
        page.goto((tiny / "report" / "index.html").as_uri())
        images = page.locator("img")
        widths = [images.nth(i).evaluate("e => e.naturalWidth") for i in range(images.count())]
        browser.close()
    assert errors == []
    assert len(widths) >= 3
    assert min(widths) > 0
