"""Guess before the machine does; the camera, live."""

import re

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from support.running import wait_until
from tests.web.conftest import Visits
from tests.web.site import Site
from tests.web.states import answer_with, offering, problem
from tests.web.visitor import PHONE


@pytest.fixture
def camera(visits: Visits, site: Site) -> Page:
    page = visits.page(permissions=["camera"], **PHONE)
    page.goto(site.url)
    page.wait_for_selector("#samples li")
    return page


def test_a_game(opened: Page) -> None:
    """The photo's credit would tell, so it comes with the answer; both are counted."""
    answer_with(opened, verdict="cat", present=["cat"])
    opened.get_by_role("button", name="Guess before I do").click()
    dialog = opened.locator("#play")
    for photos in (1, 2):
        expect(dialog.locator("img")).to_be_visible()
        expect(dialog.locator(".guesses button")).to_have_text(["Cat", "Dog", "Neither"])
        expect(dialog.locator(".guesses button").first).to_be_focused()
        expect(dialog).not_to_contain_text("Flickr")
        opened.keyboard.press("Enter")
        expect(dialog.locator("b")).to_contain_text(f"of {photos}.")
        you, me = (int(n) for n in re.findall(r"\d+", dialog.locator("b").inner_text())[:2])
        assert you == me, "both said cat"
        expect(dialog.locator("small")).to_contain_text("Flickr")
        expect(dialog.get_by_role("button", name="Next photo")).to_be_focused()
        if photos == 1:
            opened.keyboard.press("Enter")
    opened.keyboard.press("Escape")
    expect(opened.get_by_role("button", name="Guess before I do")).to_be_focused()


def test_the_score_is_shared_as_text(visits: Visits, site: Site) -> None:
    """A row of paws for each, as words: nothing of the photos leaves, and no code of the game."""
    page = visits.page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(site.url)
    page.wait_for_selector("#samples li")
    answer_with(page, verdict="cat", present=["cat"])
    page.evaluate("Math.random = () => 0")  # photos of the first label
    page.get_by_role("button", name="Guess before I do").click()
    dialog = page.locator("#play")
    score = dialog.locator(".score")
    for guess in ("Cat", "Neither"):
        expect(dialog.locator(".guesses button")).to_have_count(3)
        expect(score).to_be_hidden()
        dialog.get_by_role("button", name=guess, exact=True).click()
        expect(score).to_be_visible()
        if guess == "Cat":
            dialog.get_by_role("button", name="Next photo").click()
    score.click()
    expect(score).to_have_text("Copied")
    title, mine, its, address = page.evaluate("navigator.clipboard.readText()").split("\n")
    said = re.fullmatch(r"Cat, dog, or neither\? I got (\d) of 2, the machine (\d)\.", title)
    assert said
    assert address == site.url
    for row, start, points in ((mine, "Me ", said[1]), (its, "It ", said[2])):
        assert row.startswith(start)
        assert row.count("🐾") == int(points)
        assert row.count("🐾") + row.count("⬜") == 2
    assert mine == "Me 🐾⬜", "the photos were of a cat, and it was said to be neither"


def test_neither_is_one_of_the_photos(opened: Page) -> None:
    """As likely as each label, and right for whoever says so."""
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.evaluate("Math.random = () => 0.99")  # the last of three
    opened.get_by_role("button", name="Guess before I do").click()
    dialog = opened.locator("#play")
    for guess, words in (("Neither", "You’re right."), ("Cat", "It’s none of these.")):
        dialog.get_by_role("button", name=guess, exact=True).click()
        expect(dialog.locator(".said")).to_contain_text(words)
        dialog.get_by_role("button", name="Next photo").click()
    assert all("subject=neither" in url for url in asked if "/random" in url), asked


def test_a_game_where_there_are_no_photos_of_neither(opened: Page) -> None:
    """As with a folder of cats and dogs alone: a photo of a label comes in its place."""
    gone = problem("photo_source_unavailable", 503)
    opened.route("**/random*subject=neither*", lambda route: route.fulfill(**gone))  # type: ignore[arg-type]
    opened.evaluate("Math.random = () => 0.99")
    opened.get_by_role("button", name="Guess before I do").click()
    opened.locator("#play").get_by_role("button", name="Dog").click()
    expect(opened.locator("#play .said")).to_contain_text("You’re right.")


def test_a_model_without_neither_plays_without_it(page: Page, site: Site) -> None:
    models = requests.get(f"{site.url}api/v1/models", timeout=30).json()["models"]
    offering(page, models=[model | {"neither_threshold": None} for model in models])
    page.goto(site.url)
    page.wait_for_selector("#samples li")
    page.get_by_role("button", name="Guess before I do").click()
    expect(page.locator("#play .guesses button")).to_have_text(["Cat", "Dog"])


def test_a_game_without_photos(opened: Page) -> None:
    opened.route(
        "**/random*",
        lambda route: route.fulfill(**problem("photo_source_unavailable", 503)),  # type: ignore[arg-type]
    )
    opened.get_by_role("button", name="Guess before I do").click()
    expect(opened.locator("#play .said")).to_contain_text("No random photo right now")
    opened.unroute("**/random*")
    opened.locator("#play").get_by_role("button", name="Next photo").click()
    expect(opened.locator("#play .guesses button")).to_have_count(3)


def test_the_camera_live(camera: Page) -> None:
    """Bars move while it is open; nothing is asked before or after; the camera is let go."""
    asked: list[str] = []
    camera.on("request", lambda request: asked.append(request.url))
    camera.get_by_role("button", name="Live camera").tap()
    expect(camera.locator("#live .scores li")).to_have_count(3)
    wait_until(lambda: sum("classify" in url for url in asked) >= 3 or not camera.title())
    camera.evaluate("window.stream = document.querySelector('video').srcObject")
    camera.locator("#live").get_by_role("button", name="Close").tap()
    ended = "window.stream.getTracks().every((track) => track.readyState === 'ended')"
    wait_until(lambda: bool(camera.evaluate(ended)))
    expect(camera.locator("#history")).to_be_hidden()
    assert camera.evaluate("document.querySelector('video').srcObject") is None


def test_the_camera_waits_where_the_service_refuses(camera: Page) -> None:
    refused = problem("rate_limited", 429, **{"Retry-After": "30"})
    asked: list[str] = []

    def route(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(**refused)  # type: ignore[arg-type]

    camera.route("**/classify*", route)
    camera.get_by_role("button", name="Live camera").tap()
    expect(camera.locator("#live .said")).to_contain_text("I’ll look again in 30 seconds")
    assert len(asked) == 1


def test_the_pace_of_the_camera_is_the_limit(opened: Page) -> None:
    seconds = opened.evaluate(
        """async () => {
            const { secondsEach } = await import('./js/dialogs/live.js');
            return ['"client";q=60;w=60', '"client";q=120;w=60', 'none'].map((policy) =>
                secondsEach(new Response('', { headers: { 'RateLimit-Policy': policy } })));
        }"""
    )
    assert seconds == [1, 0.5, 0]


def test_no_leave_for_the_camera(opened: Page) -> None:
    opened.evaluate(
        """() => {
            navigator.mediaDevices.getUserMedia =
                () => Promise.reject(new DOMException('no', 'NotAllowedError'));
        }"""
    )
    opened.get_by_role("button", name="Live camera").click()
    expect(opened.locator("#live .said")).to_contain_text("I may not use the camera")
