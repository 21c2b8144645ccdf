"""The states of the page, each reached from a fresh one: for axe, the layout, screenshots."""

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, Route

from tests.web.site import BLUE, GREY, RED, Site, solid

Pictures = dict[str, Path]
"""`cat`, `dog` and `neither`: files to choose."""


def drawn(folder: Path) -> Pictures:
    """What the colour model takes for a cat, a dog and neither, as files."""
    pictures = {}
    for name, colour in (("cat", RED), ("dog", BLUE), ("neither", GREY)):
        pictures[name] = folder / f"{name}.jpg"
        pictures[name].write_bytes(solid(colour))
    return pictures


def problem(code: str, status: int, detail: str = "A detail.", **headers: str) -> dict[str, object]:
    """Arguments for `Route.fulfill`: an answer as the API would give it."""
    body = {"type": f"urn:dogorcat:problem:{code}", "title": "A title", "status": status}
    return {
        "status": status,
        "headers": headers,
        "content_type": "application/problem+json",
        "body": json.dumps(body | {"detail": detail, "code": code}),
    }


def empty(page: Page, site: Site, pictures: Pictures) -> None:
    page.goto(site.url)
    page.wait_for_selector("#samples li")  # the last thing the page gets


def waiting(page: Page, site: Site, pictures: Pictures) -> None:
    page.route("**/classify*", lambda _: None)  # never answers
    empty(page, site, pictures)
    page.set_input_files("#files", pictures["cat"])
    page.wait_for_selector(".waiting img")


def answer(page: Page, site: Site, pictures: Pictures) -> None:
    empty(page, site, pictures)
    page.set_input_files("#files", pictures["cat"])
    page.wait_for_selector(".card.answer")


def where_it_looked(page: Page, site: Site, pictures: Pictures) -> None:
    answer(page, site, pictures)
    page.click(".where-toggle")


def developers(page: Page, site: Site, pictures: Pictures) -> None:
    answer(page, site, pictures)
    page.click("summary")


def sharing(page: Page, site: Site, pictures: Pictures) -> None:
    answer(page, site, pictures)
    page.get_by_role("button", name="Share", exact=True).click()
    page.wait_for_selector("#share[open]")


def neither(page: Page, site: Site, pictures: Pictures) -> None:
    empty(page, site, pictures)
    page.set_input_files("#files", pictures["neither"])
    page.wait_for_selector(".card.answer")


def random(page: Page, site: Site, pictures: Pictures) -> None:
    empty(page, site, pictures)
    page.click("#random-form button")
    page.wait_for_selector(".card.answer figcaption")


def several(page: Page, site: Site, pictures: Pictures) -> None:
    empty(page, site, pictures)
    files = [*pictures.values(), *pictures.values()]
    broken = {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff\xe0 broken"}
    payloads = [
        {"name": file.name, "mimeType": "image/jpeg", "buffer": file.read_bytes()} for file in files
    ]
    page.set_input_files("#files", [*payloads, broken])  # type: ignore[arg-type]
    page.wait_for_selector("#answers:not([aria-busy])")
    page.wait_for_selector(".failure")


def wrong_link(page: Page, site: Site, pictures: Pictures) -> None:
    empty(page, site, pictures)
    page.fill("#url", "my cat")
    page.press("#url", "Enter")


def failure(page: Page, site: Site, pictures: Pictures) -> None:
    empty(page, site, pictures)
    page.fill("#url", f"{site.photos.url}/photo/page.html")
    site.photos.photos["/photo/page.html"] = (200, {"Content-Type": "text/html"}, b"<p>Hello</p>")
    page.press("#url", "Enter")
    page.wait_for_selector(".failure")


def starting(page: Page, site: Site, pictures: Pictures) -> None:
    def not_ready(route: Route) -> None:
        route.fulfill(**problem("not_ready", 503, **{"Retry-After": "30"}))  # type: ignore[arg-type]

    page.route("**/api/v1/**", not_ready)
    page.goto(site.url)
    page.get_by_text("try again by myself").first.wait_for()


def offline(page: Page, site: Site, pictures: Pictures) -> None:
    empty(page, site, pictures)
    page.route("**/classify*", lambda route: route.abort())
    page.set_input_files("#files", pictures["cat"])
    page.wait_for_selector(".failure")


def link_in_address(page: Page, site: Site, pictures: Pictures) -> None:
    page.goto(f"{site.url}?url=https://example.org/cat.jpg")
    page.wait_for_selector("#samples li")


def dragging(page: Page, site: Site, pictures: Pictures) -> None:
    empty(page, site, pictures)
    transfer = page.evaluate_handle(
        "() => { const t = new DataTransfer(); t.setData('text/plain', 'x'); return t; }"
    )
    page.dispatch_event("body", "dragenter", {"dataTransfer": transfer})
    page.wait_for_selector("#veil:visible")


STATES: dict[str, Callable[[Page, Site, Pictures], None]] = {
    state.__name__: state
    for state in (
        empty,
        waiting,
        answer,
        where_it_looked,
        developers,
        sharing,
        neither,
        random,
        several,
        wrong_link,
        failure,
        starting,
        offline,
        link_in_address,
        dragging,
    )
}
