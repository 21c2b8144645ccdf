"""That's wrong: the visitor says what it is, and gives the picture only where that is ticked."""

import pytest
import requests
from PIL import Image
from playwright.sync_api import Page, Request, Route, expect

from tests.web.site import Site
from tests.web.states import STATES, Pictures, empty, offering, problem


@pytest.fixture
def said(page: Page, site: Site, pictures: Pictures) -> list[Request]:
    """What is sent as feedback, from a page that shows an answer and may send some."""
    sent: list[Request] = []

    def route(route: Route) -> None:
        sent.append(route.request)
        route.fulfill(json={"kept": True})

    page.route("**/api/v1/feedback*", route)
    STATES["correcting"](page, site, pictures)
    return sent


def send(page: Page) -> None:
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#wrong")).to_be_hidden()
    expect(page.get_by_role("button", name="Thank you")).to_be_disabled()


def test_the_word_alone(page: Page, said: list[Request]) -> None:
    expect(page.locator("#wrong .choices label")).to_have_text(
        ["Cat", "Dog", "None of these", "More than one of these"], use_inner_text=True
    )
    page.get_by_label("Dog", exact=True).check()
    send(page)
    (request,) = said
    body = request.post_data_buffer or b""
    assert b'name="label"\r\n\r\ndog\r\n' in body
    assert b'name="verdict"\r\n\r\ncat\r\n' in body
    assert b'name="image"' not in body


def test_the_service_takes_every_choice(page: Page, site: Site, pictures: Pictures) -> None:
    STATES["correcting"](page, site, pictures)
    choices = page.locator("#wrong [name=label]").evaluate_all("all => all.map((e) => e.value)")
    assert len(choices) == 4
    for label in choices:
        form = {"label": (None, label), "verdict": (None, "cat")}
        reply = requests.post(f"{site.url}api/v1/feedback", files=form, timeout=60)
        assert reply.json() == {"kept": False}, reply.text


def test_the_picture_where_it_is_given(page: Page, site: Site, pictures: Pictures) -> None:
    """To the real service, which keeps it under what the visitor said."""
    STATES["correcting"](page, site, pictures)
    page.get_by_label("None of these").check()
    expect(page.get_by_role("checkbox")).not_to_be_checked()
    page.get_by_role("checkbox").check()
    send(page)
    (kept,) = site.feedback.rglob("*.jpg")
    assert kept.parent.parent.name == "neither", "by label and day"
    red, green, blue = Image.open(kept).convert("RGB").getpixel((100, 100))  # type: ignore[misc]
    assert red > 180 > 80 > max(green, blue)


def test_nothing_is_sent_without_a_choice(page: Page, said: list[Request]) -> None:
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#wrong")).to_be_visible()
    page.keyboard.press("Escape")
    assert said == []


def test_a_refusal_is_told(page: Page, said: list[Request]) -> None:
    page.unroute("**/api/v1/feedback*")
    page.route(
        "**/api/v1/feedback*",
        lambda route: route.fulfill(**problem("rate_limited", 429, "Too many.")),  # type: ignore[arg-type]
    )
    page.get_by_label("Dog", exact=True).check()
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#wrong .error")).to_contain_text("Too many. Wait 60 seconds")


def test_not_where_nobody_collects_it(page: Page, site: Site, pictures: Pictures) -> None:
    offering(page, feedback=False)
    empty(page, site, pictures)
    page.set_input_files("#files", pictures["cat"])
    expect(page.locator(".answer .share")).to_be_visible()
    expect(page.locator(".answer .wrong")).to_be_hidden()
    privacy = page.locator(".privacy")
    expect(privacy).to_contain_text("never stored.", use_inner_text=True)
    page.unroute("**/api/v1/models")
    empty(page, site, pictures)
    expect(privacy).to_contain_text("unless you give it to me.", use_inner_text=True)
