"""Every kind of answer, and what can be done with it."""

import io
import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.web.conftest import Visits
from tests.web.site import RED, Site, solid
from tests.web.states import STATES, Pictures
from tests.web.visitor import CAT, DOG, serve, verdict

TIMEOUT_S = 60
"""Of the commands that the page offers."""


def test_the_answer(page: Page, site: Site, pictures: Pictures) -> None:
    STATES["answer"](page, site, pictures)
    rows = page.locator(".scores li").all_inner_texts()
    assert [row.split() for row in rows] == [
        ["cat", ">", "99.9%"],
        ["neither", "<", "0.1%"],
        ["dog", "0%"],
    ]
    expect(page.locator("#status")).to_contain_text("A cat, no doubt. cat > 99.9%")
    expect(page.locator(".facts")).to_contain_text("Model cat_dog, version 1")
    expect(page.locator(".facts")).to_contain_text("JPEG, 496 × 336")


def test_neither(page: Page, site: Site, pictures: Pictures) -> None:
    STATES["neither"](page, site, pictures)
    assert verdict(page) == "Neither, I think"
    expect(page.locator(".answer .note")).to_contain_text("doesn’t look like anything I learned")


def test_where_it_looked(page: Page, site: Site, pictures: Pictures) -> None:
    STATES["where_it_looked"](page, site, pictures)
    expect(page.locator(".where")).to_be_visible()
    expect(page.locator("#status")).to_contain_text("I looked most at")
    picture, shade = (
        page.locator(".answer img").bounding_box(),
        page.locator(".where").bounding_box(),
    )
    assert picture == shade
    least = page.eval_on_selector(
        ".where",
        """canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data
            .reduce((least, value, i) => i % 4 === 3 ? Math.min(least, value) : least, 255)""",
    )
    assert least < 60, "the brightest place is hardly shaded"
    page.click(".where-toggle")
    expect(page.locator(".where")).to_be_hidden()
    expect(page.locator(".where-toggle")).to_have_attribute("aria-pressed", "false")


def test_the_curl_command_works(opened: Page, site: Site) -> None:
    opened.fill("#url", serve(site, "it's red.jpg".replace(" ", "%20"), RED))
    opened.press("#url", "Enter")
    opened.click("summary")
    command = opened.locator("pre.curl").inner_text()
    done = subprocess.run(shlex.split(command), capture_output=True, check=True, timeout=TIMEOUT_S)
    assert json.loads(done.stdout)["verdict"] == "cat"
    shown = json.loads(opened.locator("pre.json").inner_text())
    assert shown["verdict"] == "cat"
    assert "preview" not in shown


def test_copy(visits: Visits, site: Site, pictures: Pictures) -> None:
    page = visits.page(permissions=["clipboard-read", "clipboard-write"])
    STATES["developers"](page, site, pictures)
    page.click("[data-copy=curl]")
    expect(page.locator("[data-copy=curl]")).to_have_text("Copied")
    text = page.evaluate("navigator.clipboard.readText()")
    assert text.startswith("""curl -F 'image=@"cat.jpg"' 'http://127.0.0.1""")


def test_history(opened: Page, pictures: Pictures) -> None:
    for name in ("cat", "dog"):
        opened.set_input_files("#files", pictures[name])
        opened.locator(f'.answer img[alt="Your photo: {name}.jpg"]').wait_for()
    prints = opened.locator("#history button:has(img)")
    assert prints.all_inner_texts() == [DOG, CAT]
    prints.last.click()
    assert verdict(opened) == CAT
    opened.get_by_role("button", name="Clear").click()
    expect(opened.locator("#history")).to_be_hidden()
    opened.reload()
    expect(opened.locator("#history")).to_be_hidden()
    assert opened.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [
        0,
        0,
        "",
    ]


def test_choice_of_model(opened: Page, pictures: Pictures) -> None:
    opened.select_option("#model", "colours")
    expect(opened.locator("h1")).to_have_text("Red thing, blue thing, or neither?")
    assert opened.locator("#subjects label").all_inner_texts() == [
        "anything",
        "red thing",
        "blue thing",
    ]
    opened.set_input_files("#files", pictures["cat"])
    assert verdict(opened) == "A red thing, no doubt"
    expect(opened.locator(".facts")).to_contain_text("Model colours")


SENTENCES = [
    ("dog", {"dog": 0.999, "cat": 0.001}, "A dog, no doubt"),
    ("cat", {"cat": 0.95, "dog": 0.05}, "A cat, I’m quite sure"),
    ("cat", {"cat": 0.8, "dog": 0.2}, "Probably a cat"),
    ("owl", {"owl": 0.65, "cat": 0.35}, "Perhaps an owl"),
    ("cat", {"cat": 0.51, "dog": 0.49}, "A cat? Hard to say"),
    ("neither", {"cat": 0.99, "dog": 0.01}, "Neither, I think"),
    ("neither", {"a": 0.9, "b": 0.05, "c": 0.05}, "None of these, I think"),
    ("sea_lions", {"sea_lions": 1.0, "cat": 0.0}, "Sea lions, no doubt"),
    ("albatross", {"albatross": 1.0, "cat": 0.0}, "An albatross, no doubt"),
]


def test_sentences(opened: Page) -> None:
    results = [
        {
            "verdict": winner,
            "predictions": [{"label": label, "score": score} for label, score in scores.items()],
        }
        for winner, scores, _ in SENTENCES
    ]
    words = opened.evaluate(
        """async (results) => {
            const { inWords } = await import('./js/answer/words.js');
            return results.map((result) => inWords(result).verdict);
        }""",
        results,
    )
    assert words == [sentence for *_, sentence in SENTENCES]


LINKS = {
    " https://example.org/cat.jpg ": "https://example.org/cat.jpg",
    "example.org/cat.jpg": "https://example.org/cat.jpg",
    "localhost:8000/cat.jpg": "https://localhost:8000/cat.jpg",
    "http://cats/1.jpg": "http://cats/1.jpg",
    "//example.org/cat.jpg": "https://example.org/cat.jpg",
    "https://example.org/my cat.jpg": "https://example.org/my%20cat.jpg",
    "example.org/my cat.jpg?w=1": "https://example.org/my%20cat.jpg?w=1",
    "https://example.org/photo of a cat": "https://example.org/photo%20of%20a%20cat",
    "https://example.org/Kätzchen/猫.jpg": "https://example.org/K%C3%A4tzchen/%E7%8C%AB.jpg",
    "https://kätzchen.example/1.jpg": "https://xn--ktzchen-5wa.example/1.jpg",
    "<https://example.org/cat.jpg>": "https://example.org/cat.jpg",
    "![a cat](https://example.org/cat.jpg)": "https://example.org/cat.jpg",
    '<img src="https://example.org/my cat.jpg" alt="">': "https://example.org/my%20cat.jpg",
    "Is this a dog? https://example.org/cat, I wonder": "https://example.org/cat",
    "https://example.org/cat.jpg look at this": "https://example.org/cat.jpg",
    "https://example.org/a/long/\npath/cat.jpg": "https://example.org/a/long/path/cat.jpg",
    "https://example.org/1.jpg\nhttps://example.org/2.jpg": "https://example.org/1.jpg",
    "blob:https://example.org/1-2-3": None,
    "https://": None,
    "my cat": None,
    "cat": None,
    "": None,
    "ftp://example.org/cat.jpg": None,
    "javascript:alert(1)": None,
    "file:///etc/passwd": None,
}


def test_links(opened: Page) -> None:
    found = opened.evaluate(
        "async (texts) => texts.map((await import('./js/inputs/links.js')).asLink)", list(LINKS)
    )
    assert dict(zip(LINKS, found, strict=True)) == LINKS


def test_large_photos_are_made_smaller_before_they_travel(opened: Page) -> None:
    width, height = opened.evaluate(
        """async () => {
            const { shrunk } = await import('./js/inputs/pictures.js');
            const canvas = new OffscreenCanvas(5000, 3000);
            const noise = canvas.getContext('2d').createImageData(5000, 3000);
            for (let i = 0; i < noise.data.length; i++) noise.data[i] = (i * 2654435761) >>> 24;
            canvas.getContext('2d').putImageData(noise, 0, 0);
            const file = await canvas.convertToBlob({type: 'image/jpeg', quality: 1});
            if (file.size < 2 ** 21) throw new Error(`only ${file.size}`);
            const bitmap = await createImageBitmap((await shrunk(file)).file);
            return [bitmap.width, bitmap.height];
        }"""
    )
    assert (width, height) == (2048, 1229)


def test_the_way_to_the_documentation(opened: Page) -> None:
    opened.get_by_role("link", name="API", exact=True).click()
    expect(opened.get_by_role("heading", name="dogorcat")).to_be_visible()


NAMES = ["it's red.jpg", "Berlin, Tiergarten.jpg", "cat; sleeping.jpg", 'a "b" \\c.jpg', "@-.jpg"]


@pytest.mark.parametrize("name", NAMES)
def test_the_curl_command_of_a_file_works(opened: Page, tmp_path: Path, name: str) -> None:
    """Whatever the shell and curl take its name for."""
    (tmp_path / name).write_bytes(solid(RED))
    opened.set_input_files("#files", tmp_path / name)
    assert same_as_shown(opened, tmp_path)["verdict"] == "cat"


def test_the_curl_command_of_a_sample_works(opened: Page, tmp_path: Path) -> None:
    opened.get_by_role("button", name="Sample 1").click()
    assert same_as_shown(opened, tmp_path)["verdict"] == "cat"


def test_the_curl_command_of_a_random_photo_is_about_that_photo(
    opened: Page, tmp_path: Path
) -> None:
    opened.get_by_role("button", name="Random").click()
    opened.locator("figcaption").wait_for()
    same_as_shown(opened, tmp_path)


def same_as_shown(page: Page, folder: Path) -> dict[str, Any]:
    """The answer of the call that the card shows: what the card shows as the answer."""
    page.click("summary")
    command = page.locator("pre.curl").text_content() or ""
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, check=True, timeout=TIMEOUT_S
    )
    called, shown = json.loads(done.stdout), json.loads(page.locator("pre.json").inner_text())
    for answer in (called, shown):
        answer.pop("timing_ms")
        answer.pop("source", None)
    assert called == shown
    return shown


def test_a_photo_made_smaller_keeps_its_own_facts(opened: Page) -> None:
    noise = os.urandom(3 * 5000 * 400)
    large = io.BytesIO()
    Image.frombytes("RGB", (5000, 400), noise).save(large, "JPEG", quality=95)
    data = large.getvalue()
    assert len(data) > 2 << 20
    opened.set_input_files("#files", [{"name": "l.jpg", "mimeType": "image/jpeg", "buffer": data}])  # type: ignore[list-item]
    expect(opened.locator(".facts")).to_contain_text(
        f"JPEG, 5000 × 400, {len(data) / 1e6:.1f} MB, sent as 2048 × 164"
    )


def test_where_it_looked_shows_on_a_dark_photo(opened: Page) -> None:
    """By a line and a tint of colour, since shade on black is nothing."""
    dark = io.BytesIO()
    picture = Image.new("RGB", (480, 320), (14, 0, 0))
    picture.paste((90, 0, 0), (160, 100, 320, 220))
    picture.save(dark, "PNG")
    file = {"name": "dark.png", "mimeType": "image/png", "buffer": dark.getvalue()}
    opened.set_input_files("#files", [file])  # type: ignore[list-item]
    opened.click(".where-toggle")
    colours = opened.eval_on_selector(
        ".where",
        """canvas => {
            const { width, height } = canvas;
            const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
            const colours = new Set(new Uint32Array(data.buffer)); // few; the pixels are very many
            return [...colours].map((one) => [...new Uint8Array(Uint32Array.of(one).buffer)]);
        }""",
    )
    assert any(min(r, g) > 100 and alpha == 255 for r, g, b, alpha in colours), "no line"
    assert any(r > 200 and 30 < alpha < 90 for r, g, b, alpha in colours), "no tint"
