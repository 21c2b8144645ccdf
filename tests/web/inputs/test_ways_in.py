"""Every way in: files, camera, links, drops, pastes, samples, Random, the keyboard alone."""

import base64

import pytest
from playwright.sync_api import Page, Request, Route, expect

from support.photo_servers import HTML
from tests.web.conftest import Visits
from tests.web.site import BLUE, RED, Site, solid
from tests.web.states import STATES, Pictures, empty, problem
from tests.web.visitor import CAT, DOG, hand_over, serve, verdict


def test_choose_a_file(opened: Page, pictures: Pictures) -> None:
    opened.set_input_files("#files", pictures["dog"])
    assert verdict(opened) == DOG
    expect(opened.locator(".answer img")).to_have_attribute("alt", "Your photo: dog.jpg")
    assert opened.locator(".answer img").get_attribute("src")[:15] == "data:image/jpeg"


def test_take_a_photo(visits: Visits, site: Site, pictures: Pictures) -> None:
    page = visits.page(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 800})
    empty(page, site, pictures)
    expect(page.get_by_text("Take a photo")).to_be_visible()
    assert page.get_attribute("#camera", "capture") == "environment"
    page.set_input_files("#camera", pictures["cat"])
    assert verdict(page) == CAT
    expect(page.locator(".answer .verdict")).to_be_in_viewport()


def test_no_camera_button_with_a_mouse(opened: Page) -> None:
    expect(opened.get_by_text("Take a photo")).to_be_hidden()


def test_link(opened: Page, site: Site) -> None:
    opened.fill("#url", serve(site, "red.jpg", RED))
    opened.press("#url", "Enter")
    assert verdict(opened) == CAT


def test_link_in_the_address_waits_for_a_click(page: Page, site: Site) -> None:
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if "classify" in request.url else None)
    page.goto(f"{site.url}?url={serve(site, 'blue.jpg', BLUE)}&model=colours")
    page.wait_for_selector("#samples li")
    expect(page.locator(".landing-card .verdict")).to_have_text(
        "Red thing, blue thing, or neither?"
    )
    expect(page.locator(".landing-card")).to_contain_text("The picture is on 127.0.0.1")
    assert asked == []
    page.get_by_role("button", name="See the answer").click()
    assert verdict(page) == "A blue thing, no doubt"


def test_drop_a_file(opened: Page) -> None:
    hand_over(opened, "drop", files=[("x.jpg", "image/jpeg", solid(BLUE))])
    assert verdict(opened) == DOG


def test_drop_a_link(opened: Page, site: Site) -> None:
    address = serve(site, "red.jpg", RED)
    hand_over(opened, "drop", text_uri_list=f"# a comment\r\n{address}\r\n")
    assert verdict(opened) == CAT


def test_drop_a_picture_of_another_page(opened: Page, site: Site) -> None:
    """It comes as HTML, with the link that it sits in beside it."""
    html = f'<a href="https://example.org/"><img src="{serve(site, "red.jpg", RED)}"></a>'
    hand_over(opened, "drop", text_html=html, text_uri_list="https://example.org/")
    assert verdict(opened) == CAT


def test_paste_a_picture(opened: Page) -> None:
    hand_over(opened, "paste", files=[("image.png", "image/png", solid(RED, "PNG"))])
    assert verdict(opened) == CAT


def test_paste_a_link(opened: Page, site: Site) -> None:
    hand_over(opened, "paste", text_plain=serve(site, "blue.jpg", BLUE))
    assert verdict(opened) == DOG


def test_paste_a_data_address(opened: Page) -> None:
    data = base64.b64encode(solid(BLUE)).decode()
    hand_over(opened, "paste", text_plain=f"data:image/jpeg;base64,{data}")
    assert verdict(opened) == DOG


def test_paste_into_the_field_is_left_alone(opened: Page) -> None:
    hand_over(opened, "paste", "#url", text_plain="https://example.org/cat.jpg")
    expect(opened.locator(".empty")).to_be_visible()


def test_samples(opened: Page) -> None:
    assert opened.locator("#samples button").count() == 3
    opened.get_by_role("button", name="Sample 1: t").click()
    assert verdict(opened) == CAT


@pytest.mark.parametrize("subject", ["anything", "cat", "dog"])
def test_random(opened: Page, site: Site, subject: str) -> None:
    opened.get_by_text(subject, exact=True).click()
    opened.get_by_role("button", name="Random").click()
    credit = opened.locator("figcaption")
    expect(credit).to_contain_text("by Marine Explorer · Flickr · CC BY 2.0")
    title, licence = credit.get_by_role("link").all()
    assert title.get_attribute("href").startswith("https://www.flickr.com/photos/71925535@N03/")  # type: ignore[union-attr]
    assert "creativecommons.org" in (licence.get_attribute("href") or "")


def test_random_from_another_source_when_one_fails(
    site: Site, opened: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cat photos of Flickr are cached by now; `red_thing` has never been searched for."""
    monkeypatch.setattr(site.photos, "answer", lambda _: HTML)
    opened.select_option("#model", "colours")
    opened.get_by_text("red thing", exact=True).click()
    opened.get_by_role("button", name="Random").click()
    expect(opened.locator("figcaption")).to_contain_text("Wikimedia Commons · CC BY-SA 4.0")


def test_several_files_become_a_grid(page: Page, site: Site, pictures: Pictures) -> None:
    STATES["several"](page, site, pictures)
    words = page.locator("#answers .verdict").all_inner_texts()
    assert words[:6] == [CAT, DOG, "Neither, I think"] * 2, "in the order in which they were chosen"
    expect(page.locator(".failure .note")).to_contain_text("broken.jpg:")
    expect(page.locator("#status")).to_have_text("6 of 7 pictures answered.")


def test_one_of_several_tried_again_or_cancelled(opened: Page, pictures: Pictures) -> None:
    """The others stay as they are."""
    refusals = [problem("overloaded", 503)]

    def route(route: Route) -> None:
        if refusals:
            route.fulfill(**refusals.pop())  # type: ignore[arg-type]
        else:
            route.fallback()

    opened.route("**/classify*", route)
    opened.set_input_files("#files", [pictures["cat"], pictures["dog"]])
    opened.wait_for_selector("#answers:not([aria-busy])")
    assert opened.locator(".answer").count() == 1
    opened.get_by_role("button", name="Try again").click()
    expect(opened.locator(".answer")).to_have_count(2)
    assert sorted(opened.locator("#answers .verdict").all_inner_texts()) == [CAT, DOG]

    opened.unroute("**/classify*")
    opened.route("**/classify*", lambda _: None)
    opened.set_input_files("#files", [pictures["cat"], pictures["dog"]])
    opened.get_by_role("button", name="Cancel").first.click()
    expect(opened.locator(".waiting")).to_have_count(1)
    opened.get_by_role("button", name="Cancel").click()
    expect(opened.locator(".answer")).to_have_count(2)  # what was shown before


def test_by_keyboard_alone(opened: Page, site: Site) -> None:
    opened.keyboard.press("Tab")
    expect(opened.locator(".skip")).to_be_focused()
    opened.keyboard.press("Tab")
    expect(opened.locator("#files")).to_be_focused()
    ring = "e => getComputedStyle(e.nextElementSibling).outlineStyle"
    assert opened.eval_on_selector("#files", ring) == "solid", "the focus is seen at its label"
    opened.keyboard.press("Tab")
    opened.keyboard.type(serve(site, "blue.jpg", BLUE))
    opened.keyboard.press("Enter")
    assert verdict(opened) == DOG
    opened.keyboard.press("Tab")  # Look
    opened.keyboard.press("Tab")
    opened.keyboard.press("ArrowRight")
    expect(opened.get_by_label("cat", exact=True)).to_be_checked()
    opened.keyboard.press("Enter")
    expect(opened.locator("figcaption")).to_be_visible()
    seen: list[str] = []
    opened.keyboard.press("Tab")
    while opened.evaluate("document.activeElement !== document.body"):
        seen.append(opened.evaluate("document.activeElement.textContent.trim()"))
        outline = opened.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"the focus is not seen at {seen[-1]}"
        opened.keyboard.press("Tab")
    assert {"Where I looked", "For developers", "Clear"} <= set(seen)


@pytest.mark.parametrize(
    ("button", "dialog"),
    [
        ("Share", "#share"),
        ("That’s wrong", "#wrong"),
        ("Guess before I do", "#play"),
        ("Live camera", "#live"),
    ],
)
def test_dialogs_by_keyboard_alone(
    visits: Visits, site: Site, pictures: Pictures, button: str, dialog: str
) -> None:
    """The focus goes in, is seen, stays in until Escape, and comes back to where it was."""
    page = visits.page(permissions=["camera"])
    STATES["answer"](page, site, pictures)
    opener = page.get_by_role("button", name=button, exact=True)
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.locator(dialog)).to_be_visible()
    if dialog == "#play":
        page.locator("#play .guesses button").first.wait_for()
    seen = set()
    for _ in range(8):
        page.keyboard.press("Tab")
        inside = f"document.activeElement.closest('{dialog}')"
        if page.evaluate(f"{inside} !== null"):
            ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert ring != "none"
            seen.add(page.evaluate("document.activeElement.textContent.trim()"))
        else:  # Chromium's own buttons come next, which have none here
            assert page.evaluate("document.activeElement === document.body")
    assert "Close" in seen
    page.keyboard.press("Escape")
    expect(page.locator(dialog)).to_be_hidden()
    expect(opener).to_be_focused()
