"""The states of the page, each reached from a fresh one: for axe, the layout, screenshots."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route

from tests.web.site import BLUE, GREY, RED, Site, solid
from tests.web.visitor import screenshot

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


def answer_with(page: Page, **changes: Any) -> None:
    """Change what the service says of the next pictures, as a model of another kind would."""

    def route(route: Route) -> None:
        reply = route.fetch()
        content = reply.json()
        (content["result"] if "photo" in content else content).update(changes)
        route.fulfill(response=reply, body=json.dumps(content))

    page.route("**/api/v1/classify*", route)
    page.route("**/api/v1/random*", route)


def offering(page: Page, **fields: Any) -> None:
    """Change what the service says that it can do."""

    def route(route: Route) -> None:
        reply = route.fetch()
        route.fulfill(response=reply, json=reply.json() | fields)

    page.route("**/api/v1/models", route)


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


def link(page: Page, site: Site, pictures: Pictures) -> None:
    """An answer to a link; those to files cannot be changed by `answer_with`."""
    data = pictures["cat"].read_bytes()
    site.photos.photos["/photo/linked.jpg"] = (200, {"Content-Type": "image/jpeg"}, data)
    empty(page, site, pictures)
    page.fill("#url", f"{site.photos.url}/photo/linked.jpg")
    page.press("#url", "Enter")
    page.wait_for_selector(".card.answer")


def two_animals(page: Page, site: Site, pictures: Pictures) -> None:
    left = [[1.0 if x < 3 else 0.0 for x in range(7)] for _ in range(7)]
    right = [[1.0 if x > 3 else 0.0 for x in range(7)] for _ in range(7)]
    answer_with(
        page,
        verdict="several",
        present=["dog", "cat"],
        predictions=[{"label": "dog", "score": 0.55}, {"label": "cat", "score": 0.45}],
        familiarity=0.97,
        heatmap=left,
        heatmaps={"dog": left, "cat": right},
    )
    link(page, site, pictures)


def hedged(page: Page, site: Site, pictures: Pictures) -> None:
    answer_with(page, familiarity=0.62)
    link(page, site, pictures)


def looking_here(page: Page, site: Site, pictures: Pictures) -> None:
    answer(page, site, pictures)
    page.get_by_role("button", name="Look here…").click()
    page.wait_for_selector(".box")


def correcting(page: Page, site: Site, pictures: Pictures) -> None:
    answer(page, site, pictures)
    page.get_by_role("button", name="That’s wrong").click()
    page.wait_for_selector("#wrong[open]")


def playing(page: Page, site: Site, pictures: Pictures) -> None:
    empty(page, site, pictures)
    page.click("#open-play")
    page.wait_for_selector("#play .guesses button")


def played(page: Page, site: Site, pictures: Pictures) -> None:
    playing(page, site, pictures)
    page.locator("#play .guesses button").first.click()
    page.wait_for_selector("#play .score:visible")


def offered(page: Page, site: Site, pictures: Pictures) -> None:
    """A screenshot in which the page found the photo."""
    empty(page, site, pictures)
    page.set_input_files("#files", [screenshot(BLUE)])  # type: ignore[list-item]
    page.wait_for_selector(".offer:visible")


def looked_within(page: Page, site: Site, pictures: Pictures) -> None:
    answer_with(page, look={"turned": 0, "region": [0.1, 0.3, 0.8, 0.4]})
    link(page, site, pictures)


def live_camera(page: Page, site: Site, pictures: Pictures) -> None:
    page.context.grant_permissions(["camera"])
    empty(page, site, pictures)
    page.click("#open-live")
    page.wait_for_selector("#live .scores li")


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


def one_of_several(page: Page, site: Site, pictures: Pictures) -> None:
    several(page, site, pictures)
    page.locator("#answers").get_by_role("button", name="Look closer").first.click()
    page.wait_for_selector("#answers summary")


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
        two_animals,
        hedged,
        looking_here,
        correcting,
        playing,
        played,
        offered,
        looked_within,
        live_camera,
        neither,
        random,
        several,
        one_of_several,
        wrong_link,
        failure,
        starting,
        offline,
        link_in_address,
        dragging,
    )
}
