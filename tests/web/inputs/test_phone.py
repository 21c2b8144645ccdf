"""By thumb: what is out of sight on a phone comes into sight, and the way on is at hand."""

import io

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.web.conftest import Visits
from tests.web.site import RED, Site
from tests.web.states import Pictures, empty
from tests.web.visitor import CAT, DOG, PHONE, serve


@pytest.fixture
def phone(visits: Visits, site: Site, pictures: Pictures) -> Page:
    page = visits.page(reduced_motion="reduce", **PHONE)
    empty(page, site, pictures)
    return page


def test_a_tap_on_the_strip_shows_the_answer(phone: Page, pictures: Pictures) -> None:
    for name in ("cat", "dog"):
        phone.set_input_files("#files", pictures[name])
        phone.locator(f'.answer img[alt="Your photo: {name}.jpg"]').wait_for()
    last = phone.locator("#history li button").last
    last.scroll_into_view_if_needed()
    phone.evaluate("scrollTo(0, document.querySelector('#history').offsetTop)")
    expect(phone.locator(".answer .verdict")).not_to_be_in_viewport()
    last.tap()
    expect(phone.locator(".answer .verdict")).to_have_text(CAT)
    expect(phone.locator(".answer .verdict")).to_be_in_viewport()


def test_what_comes_late_moves_nothing(visits: Visits, site: Site) -> None:
    """Six samples that come after the page is there have room kept for them."""
    page = visits.page(reduced_motion="reduce", **PHONE)
    held: list[Route] = []
    page.route("**/samples", lambda route: held.append(route))
    with page.expect_request("**/samples"):
        page.goto(site.url)
    below = page.locator(".answers-panel")
    before = below.bounding_box()
    expect(page.locator("#samples")).to_be_hidden()
    (route,) = held
    reply = route.fetch()
    (sample, *_) = reply.json()["samples"]
    route.fulfill(response=reply, json={"samples": [sample] * 6})
    expect(page.locator("#samples li")).to_have_count(6)
    after = below.bounding_box()
    assert before
    assert after
    assert after["y"] == pytest.approx(before["y"], abs=4)


def test_the_next_photo_is_a_tap_away(phone: Page, pictures: Pictures) -> None:
    expect(phone.locator("#next")).to_be_hidden()
    phone.set_input_files("#files", pictures["cat"])
    expect(phone.locator(".answer .verdict")).to_be_in_viewport()
    for name in ("Next photo", "Camera", "Random"):
        button = phone.locator("#next").get_by_role("button", name=name)
        expect(button).to_be_in_viewport()
    with phone.expect_file_chooser() as chooser:
        phone.get_by_role("button", name="Next photo").tap()
    chooser.value.set_files(pictures["dog"])
    expect(phone.locator(".answer .verdict")).to_have_text(DOG)
    phone.locator("#next").get_by_role("button", name="Random").tap()
    expect(phone.locator("figcaption")).to_be_visible()


def test_random_fills_its_row(phone: Page) -> None:
    button, row = (
        phone.locator(f"#random-form {name}").bounding_box() for name in (".button", ".row")
    )
    chips = phone.locator("#subjects").bounding_box()
    assert button
    assert row
    assert chips
    beside = button["y"] < chips["y"] + chips["height"]
    assert beside or button["width"] > 0.95 * row["width"]


def test_a_question_in_the_address_comes_first(visits: Visits, site: Site) -> None:
    page = visits.page(**PHONE)
    page.goto(f"{site.url}?url={serve(site, 'red.jpg', RED)}")
    button = page.get_by_role("button", name="See the answer")
    expect(button).to_be_in_viewport(ratio=1)
    box = button.bounding_box()
    assert box
    assert box["height"] >= 48
    button.tap()
    expect(page.locator(".answer .verdict")).to_have_text(CAT)
    expect(page.locator(".answer .verdict")).to_be_in_viewport()


@pytest.mark.parametrize("width", [320, 390, 600, 768, 1000, 1280])
def test_steps_never_stand_three_and_one(visits: Visits, site: Site, width: int) -> None:
    page = visits.page(viewport={"width": width, "height": 800})
    page.goto(site.url)
    tops = page.eval_on_selector_all(".steps li", "all => all.map((e) => e.offsetTop)")
    rows = sorted(tops.count(top) for top in set(tops))
    assert rows in ([1] * 4, [2, 2], [4])


@pytest.mark.parametrize("size", [(1200, 200), (1200, 400), (300, 1200), (900, 300)])
def test_a_long_picture_is_no_sliver(phone: Page, size: tuple[int, int]) -> None:
    picture = io.BytesIO()
    Image.new("RGB", size, RED).save(picture, "JPEG")
    long = {"name": "long.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}
    phone.set_input_files("#files", [long])  # type: ignore[list-item]
    shown = phone.locator(".answer img")
    shown.wait_for()
    box = shown.bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 110
    assert box["width"] / box["height"] == pytest.approx(size[0] / size[1], rel=0.02)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
