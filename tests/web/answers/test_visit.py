"""Where a visitor is: the address, Back, the strip, several pictures, another model."""

import csv
import io
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from support.running import wait_until
from tests.web.site import BLUE, RED, Site
from tests.web.states import Pictures
from tests.web.visitor import CAT, DOG, serve


def many(pictures: Pictures, count: int) -> list[dict[str, object]]:
    names = list(pictures)
    return [
        {
            "name": f"{i}, a photo.jpg",
            "mimeType": "image/jpeg",
            "buffer": pictures[names[i % len(names)]].read_bytes(),
        }
        for i in range(count)
    ]


def test_the_address_and_back_follow_what_is_shown(
    opened: Page, site: Site, pictures: Pictures
) -> None:
    red, blue = serve(site, "red.jpg", RED), serve(site, "blue.jpg", BLUE)
    opened.set_input_files("#files", pictures["neither"])
    expect(opened.locator(".answer .verdict")).to_have_text("Neither, I think")
    assert opened.url == site.url
    for address, words in ((red, CAT), (blue, DOG)):
        opened.fill("#url", address)
        opened.press("#url", "Enter")
        expect(opened.locator(".answer .verdict")).to_have_text(words)
        expect(opened).to_have_title(f"{words} · dogorcat")
        assert parse_qs(urlsplit(opened.url).query) == {"url": [address]}
    opened.go_back()
    expect(opened.locator(".answer .verdict")).to_have_text(CAT)
    assert parse_qs(urlsplit(opened.url).query) == {"url": [red]}
    opened.go_back()
    expect(opened.locator(".answer .verdict")).to_have_text("Neither, I think")
    opened.go_back()
    expect(opened.locator(".empty")).to_be_visible()
    expect(opened).to_have_title("dogorcat: cat, dog, or neither?")
    opened.go_forward()
    opened.go_forward()
    expect(opened.locator(".answer .verdict")).to_have_text(CAT)
    opened.reload()
    opened.get_by_role("button", name="See the answer").click()
    expect(opened.locator(".answer .verdict")).to_have_text(CAT)
    opened.go_back()
    expect(opened.get_by_role("button", name="See the answer")).to_be_visible()


def test_the_address_of_a_random_photo_is_that_photo(opened: Page) -> None:
    opened.get_by_role("button", name="Random").click()
    expect(opened.locator("figcaption")).to_be_visible()
    assert parse_qs(urlsplit(opened.url).query)["url"][0].startswith("http")


def test_a_grid_is_not_lost(opened: Page, pictures: Pictures) -> None:
    """Neither by a tap on the strip nor by a look at one of it; the strip keeps all of it."""
    opened.set_input_files("#files", many(pictures, 32))  # type: ignore[arg-type]
    opened.wait_for_selector("#answers:not([aria-busy])")
    expect(opened.locator("#answers .answer")).to_have_count(32)
    expect(opened.locator("#history li")).to_have_count(32)
    opened.locator("#history li button").last.click()
    expect(opened.locator("#answers .answer")).to_have_count(1)
    opened.get_by_role("button", name="Back to all 32").click()
    expect(opened.locator("#answers .answer")).to_have_count(32)
    opened.get_by_role("button", name="Look closer").nth(1).click()
    expect(opened.locator(".answer .verdict")).to_have_text(DOG)
    expect(opened.locator("summary")).to_be_visible()
    opened.go_back()
    expect(opened.locator("#answers .answer")).to_have_count(32)


def test_a_grid_has_a_summary_a_filter_and_a_table(opened: Page, pictures: Pictures) -> None:
    broken = {"name": "=1+1.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff\xe0 broken"}
    opened.set_input_files("#files", [*many(pictures, 7), broken])  # type: ignore[list-item]
    opened.wait_for_selector("#answers:not([aria-busy])")
    chips = opened.locator(".filter button")
    expect(chips).to_have_text(["All 8", "Cat 3", "Dog 2", "Neither 2", "Failed 1"])
    chips.nth(1).click()
    expect(opened.locator("#answers .card:visible")).to_have_count(3)
    expect(chips.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(chips.nth(1)).to_be_focused()
    chips.first.click()
    expect(opened.locator("#answers .card:visible")).to_have_count(8)
    with opened.expect_download() as download:
        opened.get_by_role("button", name="Save as CSV").click()
    assert download.value.suggested_filename == "dogorcat.csv"
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    assert [row["verdict"] for row in rows] == ["cat", "dog", "neither"] * 2 + ["cat", ""]
    assert [row["present"] for row in rows] == ["cat", "dog", ""] * 2 + ["cat", ""]
    assert rows[0]["file"] == "0, a photo.jpg"
    assert float(rows[0]["cat"]) > 0.99
    assert rows[-1]["file"] == "'=1+1.jpg", "no formula for a spreadsheet"
    assert rows[-1]["error"].startswith("That picture is damaged")


def test_another_model_answers_anew(opened: Page, pictures: Pictures) -> None:
    opened.set_input_files("#files", pictures["cat"])
    expect(opened.locator(".answer .verdict")).to_have_text(CAT)
    opened.select_option("#model", "colours")
    expect(opened.locator(".answer .verdict")).to_have_text("A red thing, no doubt")
    assert parse_qs(urlsplit(opened.url).query) == {"model": ["colours"]}


def test_another_model_answers_about_the_same_random_photo(opened: Page) -> None:
    opened.get_by_role("button", name="Random").click()
    expect(opened.locator("figcaption")).to_be_visible()
    credit = opened.locator("figcaption").inner_text()
    opened.select_option("#model", "colours")
    expect(opened.locator(".facts")).to_contain_text("Model colours")
    assert opened.locator("figcaption").inner_text() == credit


def test_a_new_question_leaves_no_one_waiting(opened: Page, pictures: Pictures) -> None:
    """Back at several pictures of which some were never answered, those can be tried again."""
    never = [True, True]
    opened.route("**/classify*", lambda route: None if never and never.pop() else route.fallback())
    opened.set_input_files("#files", [pictures["cat"], pictures["dog"]])
    wait_until(lambda: opened.locator(".waiting").count() == 2 and not never)
    opened.set_input_files("#files", pictures["neither"])
    expect(opened.locator(".answer .verdict")).to_have_text("Neither, I think")
    opened.go_back()
    expect(opened.locator(".failure .verdict")).to_have_text(["I didn’t finish this one"] * 2)
    opened.get_by_role("button", name="Try again").first.click()
    expect(opened.locator(".answer .verdict")).to_have_text(CAT)


def test_a_sample_pressed_twice_is_one_entry(opened: Page) -> None:
    for _ in range(2):
        opened.get_by_role("button", name="Sample 1").click()
        expect(opened.locator("#answers .answer")).to_be_visible()
        opened.locator("#answers:not([aria-busy])").wait_for()
    alt = opened.locator(".answer img").get_attribute("alt") or ""
    assert alt.startswith("Sample: ")
    expect(opened.locator("#history li")).to_have_count(1)


def test_clear_forgets_where_back_leads(opened: Page, site: Site) -> None:
    opened.fill("#url", serve(site, "red.jpg", RED))
    opened.press("#url", "Enter")
    expect(opened.locator(".answer .verdict")).to_have_text(CAT)
    opened.get_by_role("button", name="Clear").click()
    expect(opened.locator(".empty")).to_be_visible()
    expect(opened.locator("#history")).to_be_hidden()
    assert opened.url == site.url
