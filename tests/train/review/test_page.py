"""The page of `train review` opened from disk, by keyboard alone, and what it saves carried out."""

import json
from pathlib import Path

import pytest
from PIL import Image

from train.__main__ import main
from train.review.decisions import Decisions
from train.review.page import write_page
from train.review.suspects import Suspect

NAMES = ("train/cat/1.jpg", "train/cat/</script><b>.jpg", "train/dog/2.jpg", "validation/dog/3.jpg")

PAINTED = "performance.getEntriesByName('first-contentful-paint').length"
"""Chromium may drop keys that are pressed before a page is painted for the first time."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for i, name in enumerate(NAMES):
        (tmp_path / "DATA" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), (60 * i, 0, 0)).save(tmp_path / "DATA" / name)
    return tmp_path / "DATA"


def suspects() -> list[Suspect]:
    cat, dog = {"label": "cat", "looks_like": "dog"}, {"label": "dog", "looks_like": "dog"}
    return [
        Suspect(NAMES[0], "train", loss=3.0, **cat),
        Suspect(NAMES[1], "train", loss=2.0, like_nothing=True, **cat),
        Suspect(NAMES[2], "train", loss=1.0, **dog),
        Suspect(NAMES[3], "validation", loss=0.5, **dog),
    ]


def test_decisions_by_keyboard_are_saved_and_carried_out(data: Path, tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    before = Decisions(data / "review.jsonl")
    before.add(NAMES[0], "keep")
    file = tmp_path / "review.html"
    write_page(file, data, suspects(), ("cat", "dog"), before)
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        try:
            page = browser.new_page()
            errors: list[str] = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("requestfailed", lambda request: errors.append(request.url[:80]))
            page.goto(file.as_uri())
            page.wait_for_function(PAINTED)
            where, why = page.locator("#where"), page.locator("#why")
            playwright.expect(where).to_have_text(f"2 of 4, 1 decided: {NAMES[1]}")
            playwright.expect(why).to_contain_text("Looks like nothing that the model knows")
            shown = page.locator("#photo")
            playwright.expect(shown).to_have_js_property("naturalWidth", 40)
            page.keyboard.press("d")
            playwright.expect(where).to_have_text(f"3 of 4, 2 decided: {NAMES[2]}")
            page.keyboard.press("s")
            playwright.expect(where).to_contain_text("4 of 4, 3 decided")
            page.keyboard.press("u")
            playwright.expect(where).to_have_text(f"3 of 4, 2 decided: {NAMES[2]}")
            page.reload()
            page.wait_for_function(PAINTED)
            playwright.expect(where).to_have_text(f"3 of 4, 2 decided: {NAMES[2]}")
            page.keyboard.press("1")
            playwright.expect(where).to_contain_text("4 of 4, 3 decided")
            with page.expect_download() as download:
                page.keyboard.press("e")
            assert download.value.suggested_filename == "review.jsonl"
            saved = tmp_path / "saved.jsonl"
            download.value.save_as(saved)
            assert errors == []
        finally:
            browser.close()
    assert {photo: entry["action"] for photo, entry in Decisions(saved).current().items()} == {
        NAMES[0]: "keep", NAMES[1]: "delete", NAMES[2]: "relabel",
    }  # fmt: skip
    assert (data / NAMES[1]).is_file(), "until it is told to"
    command = ["review", "no_model_needed", str(data), "--apply", "--decisions", str(saved)]
    assert main(command) == 0
    assert not (data / NAMES[1]).exists()
    assert (data / "train" / "cat" / "2.jpg").is_file()


def test_a_page_without_decisions_so_far(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "review.html"
    write_page(file, data, suspects(), ("cat", "dog"), Decisions(data / "none.jsonl"))
    text = file.read_text("utf-8")
    assert text.count("</script>") == 2, "no name ends the data early"
    inside = text.split('id="state">')[1].split("</script>")[0]
    assert json.loads(inside)["names"] == list(NAMES)


def test_a_file_of_decisions_that_is_not_there(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = ["review", "any", str(data), "--apply", "--decisions", str(tmp_path / "lost.jsonl")]
    assert main(lost) == 2
    assert capsys.readouterr().err.startswith("error: There is no file")


def test_every_class_of_many_has_a_key(data: Path, tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    file = tmp_path / "review.html"
    classes = tuple(f"class {i}" for i in range(33))
    write_page(file, data, suspects()[:2], classes, Decisions(data / "none.jsonl"))
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": 390, "height": 844})
            page.goto(file.as_uri())
            page.wait_for_function(PAINTED)
            keys = page.locator("button kbd").all_inner_texts()
            assert len(keys) == len(set(keys)) == 5 + 31, "no key means two things"
            why = page.locator("#why")
            playwright.expect(why).to_contain_text("Labelled cat")
            page.keyboard.press("0")
            page.keyboard.press("z")
            playwright.expect(page.locator("#end")).to_be_visible()
            playwright.expect(why).to_contain_text("Decided: relabel as class 30")
            page.keyboard.press("ArrowLeft")
            playwright.expect(why).to_contain_text("Decided: relabel as class 9")
            button = page.get_by_role("button", name="Relabel as class 32")
            button.focus()
            page.keyboard.press("Enter")
            page.keyboard.press("ArrowLeft")
            playwright.expect(why).to_contain_text("Decided: relabel as class 32")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
        finally:
            browser.close()
