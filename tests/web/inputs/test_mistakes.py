"""Every mistake, of visitors, other servers, the service: said in words, with what to do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from support.photo_servers import HTML, as_json
from tests.web.conftest import Visits
from tests.web.site import APACHE, RED, Site, apache, solid
from tests.web.states import STATES, Pictures, empty, offering, problem
from tests.web.visitor import CAT, DOG, hand_over, verdict


def test_a_link_that_is_none(opened: Page) -> None:
    for text in ("", "   ", "my cat", "ftp://example.org/x", "javascript:alert(1)"):
        opened.fill("#url", text)
        opened.press("#url", "Enter")
        expect(opened.locator("#url-error"), text).to_contain_text("link")
        expect(opened.locator("#url"), text).to_have_attribute("aria-invalid", "true")
        expect(opened.locator("#url"), text).to_be_focused()
        opened.fill("#url", "https://example.org")
        expect(opened.locator("#url-error"), text).to_be_empty()
        expect(opened.locator("#url"), text).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize(
    ("reply", "headline"),
    [
        ((404, {}, b"gone"), "I couldn’t fetch that picture"),
        (HTML, "That link isn’t a picture"),
        ((200, {"Content-Type": "image/jpeg"}, solid(RED)[:900]), "That picture is damaged"),
        ((200, {"Content-Type": "image/jpeg"}, b""), "I couldn’t fetch that picture"),
    ],
)
def test_a_link_to_something_else(opened: Page, site: Site, reply: Any, headline: str) -> None:
    site.photos.photos["/photo/else"] = reply
    opened.fill("#url", f"{site.photos.url}/photo/else")
    opened.press("#url", "Enter")
    expect(opened.locator(".failure .verdict")).to_have_text(headline)
    expect(opened.locator("#url-error")).not_to_be_empty()
    expect(opened.locator("#url")).to_have_attribute("aria-invalid", "true")


def test_a_link_to_nowhere(opened: Page, site: Site) -> None:
    opened.fill("#url", f"http://10.0.0.1:{site.photos.port}/cat.jpg")
    opened.press("#url", "Enter")
    expect(opened.locator(".failure .verdict")).to_have_text("I can’t open that link")
    expect(opened.locator("#url-error")).to_contain_text("I can’t open that link")
    expect(opened.locator(".failure .note")).to_contain_text("save the picture and choose the file")


def test_a_file_that_is_no_picture(opened: Page) -> None:
    letter = {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
    opened.set_input_files("#files", [letter])  # type: ignore[list-item]
    expect(opened.locator("#files-error")).to_have_text("“letter.pdf” is not a picture.")
    expect(opened.locator(".empty")).to_be_visible()


def test_a_file_that_only_looks_like_a_picture(opened: Page) -> None:
    fake = {"name": "cat.jpg", "mimeType": "image/jpeg", "buffer": b"not a picture at all"}
    opened.set_input_files("#files", [fake])  # type: ignore[list-item]
    expect(opened.locator(".failure .verdict")).to_have_text("I can’t read that file")


def test_a_file_that_is_too_large(opened: Page, tmp_path: Path) -> None:
    """Not a picture that the browser could make smaller, so it travels, through Apache."""
    huge = tmp_path / "huge.jpg"
    huge.write_bytes(solid(RED) + bytes(11 << 20))
    opened.evaluate("() => { window.createImageBitmap = () => Promise.reject(); }")
    opened.set_input_files("#files", huge)
    expect(opened.locator(".failure .verdict")).to_have_text("That picture is too large")


def test_dropped_text_that_is_nothing(opened: Page) -> None:
    hand_over(opened, "drop", text_plain="hello there")
    expect(opened.locator("#files-error")).to_have_text("That was neither a picture nor a link.")


# what the service, or something in front of it, says -> headline, a part of the message
REFUSALS: list[tuple[Any, str, str]] = [
    (
        problem("rate_limited", 429, **{"Retry-After": "7"}),
        "A lot of questions from you",
        "Wait 7 seconds",
    ),
    (problem("overloaded", 503), "I’m busy right now", "Try again in a moment"),
    (problem("deadline_exceeded", 504), "That took too long", "smaller"),
    (problem("internal_error", 500), "That didn’t work", "A detail."),
    (problem("some_new_code", 400), "That didn’t work", "A detail."),
    ({"status": 413, "body": "<h1>Too large</h1>"}, "That picture is too large", "smaller"),
    ({"status": 502, "body": "<h1>Bad gateway</h1>"}, "That didn’t work", "status 502"),
    ({"status": 200, "body": "<h1>Login</h1>"}, "That didn’t work", "status 200"),
]


def test_an_answer_that_is_none(opened: Page, pictures: Pictures) -> None:
    for answer, headline, message in REFUSALS:
        opened.route("**/classify*", answering(answer))
        opened.set_input_files("#files", pictures["cat"])
        expect(opened.locator(".failure .verdict")).to_contain_text(headline)
        expect(opened.locator(".failure .note")).to_contain_text(message)
        expect(opened.locator("#status")).to_contain_text(headline)
        opened.unroute("**/classify*")
        opened.get_by_role("button", name="Try again").click()
        assert verdict(opened) == CAT
        expect(opened.locator("#answers")).to_be_focused()
        expect(opened.locator("#files-error")).to_be_empty()


def answering(answer: dict[str, Any]) -> Callable[[Route], None]:
    return lambda route: route.fulfill(**answer)


def test_offline_and_back(page: Page, site: Site, pictures: Pictures) -> None:
    STATES["offline"](page, site, pictures)
    expect(page.locator(".failure .verdict")).to_have_text("No connection")
    page.unroute("**/classify*")
    page.get_by_role("button", name="Try again").click()
    assert verdict(page) == CAT


def test_starting_is_waited_out(opened: Page, pictures: Pictures) -> None:
    left = [problem("not_ready", 503, **{"Retry-After": "1"})] * 2

    def route(route: Route) -> None:
        route.fulfill(**left.pop()) if left else route.fallback()  # type: ignore[arg-type]

    opened.route("**/classify*", route)
    opened.set_input_files("#files", pictures["cat"])
    expect(opened.locator(".waiting .note")).to_contain_text("try again by myself")
    assert verdict(opened) == CAT


def test_cancel(page: Page, site: Site, pictures: Pictures) -> None:
    STATES["waiting"](page, site, pictures)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".empty")).to_be_visible()
    expect(page.locator("#status")).to_have_text("Cancelled.")
    expect(page.locator("#answers")).to_be_focused()
    page.unroute("**/classify*")
    page.set_input_files("#files", pictures["dog"])
    assert verdict(page) == DOG


def test_a_new_question_takes_the_place_of_the_old_one(
    page: Page, site: Site, pictures: Pictures
) -> None:
    STATES["waiting"](page, site, pictures)
    page.unroute("**/classify*")
    page.set_input_files("#files", pictures["dog"])
    assert verdict(page) == DOG
    assert page.locator("#answers > *").count() == 1


def test_random_without_a_photo(opened: Page) -> None:
    detail = "Random has no source of photos yet; set one of these: FLICKR_API_KEY."
    answer = problem("photo_source_unavailable", 503, detail)
    opened.route("**/random*", lambda route: route.fulfill(**answer))  # type: ignore[arg-type]
    opened.get_by_role("button", name="Random").click()
    expect(opened.locator("#random-error")).to_be_empty()
    expect(opened.locator(".failure .verdict")).to_have_text("No random photo right now")
    expect(opened.locator(".failure")).not_to_contain_text("Flickr")


def test_a_title_is_text_and_a_link_is_a_link(opened: Page, site: Site) -> None:
    """Whatever a photo source says, none of it becomes markup or code."""

    def hostile(route: Route) -> None:
        content = route.fetch().json()
        content["photo"] |= {
            "title": "<img src=x onerror=alert(1)>",
            "author": "<b>me</b>",
            "page_url": "javascript:alert(1)",
        }
        route.fulfill(json=content)

    opened.route("**/random*", hostile)
    opened.get_by_role("button", name="Random").click()
    expect(opened.locator("figcaption")).to_contain_text(
        "“<img src=x onerror=alert(1)>” by <b>me</b>"
    )
    assert opened.locator("figcaption img, figcaption b, [href^=javascript]").count() == 0


def test_a_service_without_samples_or_models(page: Page, site: Site, pictures: Pictures) -> None:
    page.route("**/samples", lambda route: route.fulfill(**as_fulfil(as_json({"samples": []}))))
    page.route("**/models", lambda route: route.fulfill(**problem("internal_error", 500)))  # type: ignore[arg-type]
    page.goto(site.url)
    page.set_input_files("#files", pictures["cat"])
    assert verdict(page) == CAT


def as_fulfil(reply: Any) -> dict[str, Any]:
    status, headers, body = reply
    return {"status": status, "headers": headers, "body": body}


@pytest.mark.skipif(not APACHE, reason="no apache2 on this machine")
def test_the_service_is_down(visits: Visits, pictures: Pictures) -> None:
    """Apache answers in its place, in JSON, and the page keeps trying."""
    with apache("http://127.0.0.1:9") as url:
        visits._origin = url.split("/")[2]
        page = visits.page()
        page.goto(url)
        page.get_by_text("try again by myself").wait_for()
        page.set_input_files("#files", pictures["cat"])
        expect(page.locator(".waiting .note")).to_contain_text("try again by myself")


def test_a_failure_says_why_where_it_stands(opened: Page, site: Site) -> None:
    site.photos.photos["/photo/gone.jpg"] = (404, {}, b"gone")
    opened.fill("#url", f"{site.photos.url}/photo/gone.jpg")
    opened.press("#url", "Enter")
    note = opened.locator(".failure .note")
    expect(note).to_be_visible()
    expect(note).to_contain_text("Copy image address")
    opened.fill("#url", "my cat")
    opened.press("#url", "Enter")
    expect(opened.locator(".failure")).to_have_count(0)
    expect(opened.locator(".empty")).to_be_visible()
    hand_over(opened, "drop", text_plain="hello there")
    expect(opened.locator("#files-error")).not_to_be_empty()
    expect(opened.locator("#url-error")).to_be_empty()


def test_a_failure_shows_the_picture(opened: Page, pictures: Pictures) -> None:
    opened.route("**/classify*", lambda route: route.fulfill(**problem("overloaded", 503)))  # type: ignore[arg-type]
    opened.set_input_files("#files", pictures["cat"])
    image = opened.locator(".failure img")
    expect(image).to_have_attribute("alt", "Your photo: cat.jpg")
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 496


FILES = {
    ("IMG_1.CR3", ""): "raw file",
    ("IMG_1.dng", "image/x-adobe-dng"): "raw file",
    ("clip.mov", "video/quicktime"): "is a video",
    ("list.txt", "text/plain"): "is not a picture",
    ("IMG_1.HIF", ""): "",
    ("photo", ""): "",
    ("scan.tiff", "image/tiff"): "",
}


def test_which_files_are_not_even_asked_about(opened: Page) -> None:
    """What the browser knows no type for is left to the service."""
    said = opened.evaluate(
        """async (files) => {
            const { refusal } = await import('./js/inputs/pictures.js');
            return files.map(([name, type]) => refusal(new File(['x'], name, { type })));
        }""",
        [list(file) for file in FILES],
    )
    for (file, words), text in zip(FILES.items(), said, strict=True):
        assert bool(words) is bool(text), file
        assert words in text


def test_no_random_where_there_is_no_source(page: Page, site: Site, pictures: Pictures) -> None:
    offering(page, random=False)
    empty(page, site, pictures)
    expect(page.locator("#random-form")).to_be_hidden()
    page.set_viewport_size({"width": 390, "height": 800})
    page.set_input_files("#files", pictures["cat"])
    expect(page.locator("#next .primary")).to_be_visible()
    expect(page.locator("#next .random")).to_be_hidden()


def test_other_labels_have_no_fur(page: Page, site: Site, pictures: Pictures) -> None:
    empty(page, site, pictures)
    expect(page.locator(".about")).to_contain_text("a wet nose")
    page.select_option("#model", "colours")
    expect(page.locator(".about")).not_to_contain_text("nose")
    expect(page.locator(".about")).not_to_contain_text("fur")
    expect(page.locator(".about")).not_to_contain_text("fox")
    page.select_option("#model", "")
    expect(page.locator(".about")).to_contain_text("a wet nose")
