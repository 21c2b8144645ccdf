"""Look here: a part of the picture by mouse, finger and keys; the photo inside a screenshot."""

import time
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.web.conftest import Visits
from tests.web.site import BLUE, RED, Site
from tests.web.states import Pictures
from tests.web.visitor import CAT, DOG, PHONE, as_file, screenshot


def halves() -> dict[str, Any]:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (600, 400), RED)
    image.paste(Image.new("RGB", (300, 400), BLUE), (300, 0))
    return as_file(image)


def looking(page: Page, file: dict[str, Any]) -> None:
    page.set_input_files("#files", [file])  # type: ignore[list-item]
    page.wait_for_selector(".answer")
    page.get_by_role("button", name="Look here…").click()
    expect(page.locator(".box")).to_be_focused()


def place(page: Page) -> dict[str, float]:
    """Where the picture is, once the page no longer scrolls to it."""
    found: dict[str, float] = page.locator(".selecting").evaluate(
        """async (element) => {
            let still = 0;
            let before = element.getBoundingClientRect();
            while (still < 10) {
                await new Promise(requestAnimationFrame);
                const now = element.getBoundingClientRect();
                still = now.x === before.x && now.y === before.y ? still + 1 : 0;
                before = now;
            }
            return { x: before.x, y: before.y, width: before.width, height: before.height };
        }"""
    )
    return found


def part(page: Page) -> list[float]:
    """The region that was asked about: that of the call."""
    page.click("summary")
    command = page.locator("pre.curl").text_content() or ""
    return [float(share) for share in command.split("region=")[1].split("'")[0].split("%2C")]


def test_a_box_by_mouse(opened: Page) -> None:
    looking(opened, halves())
    box = place(opened)
    opened.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + 10)
    opened.mouse.down()
    opened.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.9, steps=4)
    opened.mouse.up()
    opened.get_by_role("button", name="Ask about this part").last.click()
    expect(opened.locator(".answer .verdict")).to_have_text(DOG)
    expect(opened.locator(".answer img")).to_have_attribute(
        "alt", "Part of: Your photo: picture.png"
    )
    x, y, width, height = part(opened)
    assert (x, width) == pytest.approx((0.55, 0.4), abs=0.03)
    assert (y, height) == pytest.approx((0.03, 0.87), abs=0.04)
    shown = opened.locator(".answer img").bounding_box()
    assert shown
    assert shown["width"] / shown["height"] == pytest.approx(600 * width / (400 * height), rel=0.03)
    opened.go_back()
    expect(opened.locator(".answer img")).to_have_attribute("alt", "Your photo: picture.png")


def test_a_box_by_keys(opened: Page) -> None:
    looking(opened, halves())
    for _ in range(20):
        opened.keyboard.press("ArrowLeft")
    for _ in range(10):
        opened.keyboard.press("Shift+ArrowLeft")
    expect(opened.locator("#status")).to_have_text(
        "0 percent from the left, 25 from the top, 30 wide, 50 high"
    )
    opened.keyboard.press("Enter")
    expect(opened.locator(".answer img")).to_have_attribute(
        "alt", "Part of: Your photo: picture.png"
    )
    expect(opened.locator(".answer .verdict")).to_have_text(CAT)
    assert part(opened) == pytest.approx([0, 0.25, 0.3, 0.5])
    opened.get_by_role("button", name="Look here…").click()
    opened.keyboard.press("Escape")
    expect(opened.locator(".box")).to_have_count(0)
    expect(opened.get_by_role("button", name="Look here…")).to_be_focused()
    opened.get_by_role("button", name="Look here…").click()
    opened.keyboard.press("Enter")  # the middle of the part
    expect(opened.locator("#history li")).to_have_count(3)
    assert part(opened) == pytest.approx([0.075, 0.375, 0.15, 0.25], abs=1e-3)


def test_a_box_by_finger(visits: Visits, site: Site) -> None:
    """The page stays where it is while a finger draws."""
    page = visits.page(**PHONE, reduced_motion="reduce")  # nothing scrolls by itself meanwhile
    page.goto(site.url)
    looking(page, halves())
    box = place(page)
    before = page.evaluate("scrollY")
    session = page.context.new_cdp_session(page)
    begun = time.time()
    for after_s, kind, share in (
        (0, "touchStart", 0.9),
        (0.2, "touchMove", 0.75),
        (0.4, "touchMove", 0.6),
        (0.8, "touchEnd", 0),  # at rest: a finger lifted in flight lets Chromium drop the next tap
    ):
        point = {"x": box["x"] + box["width"] * share, "y": box["y"] + box["height"] * share}
        session.send(
            "Input.dispatchTouchEvent",
            {
                "type": kind,
                "touchPoints": [point] if share else [],
                "timestamp": begun + after_s,
            },
        )
    page.get_by_role("button", name="Ask about this part").last.tap()
    expect(page.locator(".answer .verdict")).to_have_text(DOG)
    assert page.evaluate("scrollY") == pytest.approx(before, abs=400)
    assert part(page) == pytest.approx([0.6, 0.6, 0.3, 0.3], abs=0.03)


@pytest.mark.parametrize("dark", [False, True])
def test_the_photo_in_a_screenshot_is_offered(opened: Page, dark: bool) -> None:
    """Never taken by itself: the first answer is about the whole picture."""
    opened.set_input_files("#files", [screenshot("royalblue", dark=dark)])  # type: ignore[list-item]
    expect(opened.locator(".offer")).to_be_visible()
    expect(opened.locator(".found")).to_be_visible()
    opened.get_by_role("button", name="Look only at the photo in it").click()
    expect(opened.locator(".answer img")).to_have_attribute(
        "alt", "Part of: Your photo: picture.png"
    )
    x, y, width, height = part(opened)
    assert (x, width) == pytest.approx((0, 1), abs=0.01)
    assert (y, height) == pytest.approx((110 / 844, 480 / 844), abs=0.02)
    expect(opened.locator(".offer")).to_have_count(0)


def test_a_photo_is_no_screenshot(opened: Page, pictures: Pictures) -> None:
    plain = Image.new("RGB", (500, 600), "white")
    ImageDraw.Draw(plain).ellipse((120, 120, 380, 520), RED)  # before a white wall
    gradient = Image.linear_gradient("L").resize((500, 700)).convert("RGB")
    pair = Image.new("RGB", (400, 620), "white")  # two photos, one above the other
    for top in (0, 330):
        pair.paste(Image.effect_noise((400, 290), 90).convert("RGB"), (0, top))
    for image in (plain, gradient, pair, Image.new("RGB", (300, 300), "black")):
        opened.set_input_files("#files", [as_file(image)])  # type: ignore[list-item]
        opened.locator("#answers:not([aria-busy]) .answer").wait_for()
        expect(opened.locator(".offer")).to_have_count(0)
