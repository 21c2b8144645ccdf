"""Every state of the page: accessible, within its width, calm where asked, in both colours."""

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from tests.web import states
from tests.web.conftest import Visits, axe
from tests.web.site import Site
from tests.web.states import STATES, Pictures, answer_with, offering

DESKTOP = {"viewport": {"width": 1280, "height": 900}}
ALL_DECODE = """(all) => Promise.all(
    all.filter((image) => image.checkVisibility() && image.src).map((image) => image.decode()))"""
"""Fails where a picture that is shown does not load."""
PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}


@pytest.mark.parametrize("state", STATES)
def test_state(state: str, visits: Visits, site: Site, pictures: Pictures) -> None:
    """Light on a desktop, dark on a small phone: axe finds nothing, nothing sticks out."""
    for options in ({**DESKTOP, "color_scheme": "light"}, {**PHONE, "color_scheme": "dark"}):
        page = visits.page(reduced_motion="reduce", **options)
        STATES[state](page, site, pictures)
        page.evaluate("scrollTo(0, document.body.scrollHeight)")  # where no bar covers a button
        assert axe(page) == []
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= options["viewport"]["width"]
        assert page.evaluate("document.getAnimations().length") == 0 or state in ("waiting",)
        page.eval_on_selector_all("img", ALL_DECODE)


@pytest.mark.parametrize("state", ["answer", "several", "failure"])
def test_colours_of_the_visitors_own(
    state: str, visits: Visits, site: Site, pictures: Pictures
) -> None:
    page = visits.page(forced_colors="active")
    STATES[state](page, site, pictures)
    assert axe(page) == []


def test_headings_form_a_tree(visits: Visits, site: Site, pictures: Pictures) -> None:
    page = visits.page()
    STATES["answer"](page, site, pictures)
    levels = page.eval_on_selector_all(
        "h1, h2, h3, h4, h5", "all => all.map(h => Number(h.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_text_at_twice_the_size(visits: Visits, site: Site, pictures: Pictures) -> None:
    """200 % zoom of a 1280 pixel window leaves 640 of them, each twice as large."""
    page = visits.page(viewport={"width": 640, "height": 450}, device_scale_factor=2)
    STATES["answer"](page, site, pictures)
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    assert axe(page) == []


SHORT = ["cat", "dog"]
LONG = ["Donaudampfschifffahrtskapitän", "Rindfleischetikettierungsgesetz"]
TEXT_OUTSIDE = """() => [...document.querySelectorAll('body *')].filter((element) => {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const meant = element.closest('.clipped, .skip, pre, svg');
    if (!own || meant || !element.checkVisibility()) return false;
    const { left, right } = element.getBoundingClientRect();
    return left < 0 || right > innerWidth || element.scrollWidth > element.clientWidth + 1
        && getComputedStyle(element).display !== 'inline';
}).map((element) => element.outerHTML.slice(0, 200))"""


@pytest.mark.parametrize(
    ("state", "labels"),
    [
        *((state, LONG) for state in (states.empty, states.link, states.playing)),
        *((STATES[name], SHORT) for name in ("empty", "answer", "several", "correcting")),
    ],
    ids=lambda value: value.__name__ if callable(value) else max(value, key=len),
)
def test_large_letters_and_long_words_on_a_small_phone(
    state: Callable[[Page, Site, Pictures], None],
    labels: list[str],
    visits: Visits,
    site: Site,
    pictures: Pictures,
) -> None:
    """Text of twice the size, 320 pixels: nothing is cut off, nothing sticks out."""
    page = visits.page(reduced_motion="reduce", **PHONE)
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => {"
        " document.documentElement.style.fontSize = '200%'; })"
    )
    if labels is LONG:
        models = requests.get(f"{site.url}api/v1/models", timeout=60).json()["models"]
        offering(page, models=[model | {"labels": labels} for model in models])
        scores = [{"label": label, "score": 0.5} for label in labels]
        answer_with(page, verdict=labels[0], present=labels[:1], predictions=scores)
        page.route("**/random*", of_a_cat)
    state(page, site, pictures)
    assert page.evaluate(TEXT_OUTSIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def of_a_cat(route: Route) -> None:
    """Random does not know the long labels."""
    url = re.sub("subject=[^&]*", "subject=cat", route.request.url)
    route.fulfill(response=route.fetch(url=url))


def test_motion_only_where_allowed(visits: Visits, site: Site, pictures: Pictures) -> None:
    for motion, moves in (("no-preference", True), ("reduce", False)):
        page = visits.page(reduced_motion=motion)
        STATES["waiting"](page, site, pictures)
        name = page.eval_on_selector(".thinking", "e => getComputedStyle(e).animationName")
        assert (name != "none") is moves


def test_targets_are_large_enough(visits: Visits, site: Site, pictures: Pictures) -> None:
    """WCAG 2.5.8: 24 by 24 pixels."""
    page = visits.page(**PHONE)  # type: ignore[arg-type]
    STATES["answer"](page, site, pictures)
    for target in page.locator("button, label.button, .chips label, select, summary").all():
        box = target.bounding_box()
        if box:
            assert min(box["width"], box["height"]) >= 24, target.inner_text()


def test_nothing_is_styled_or_scripted_within_the_page(site: Site) -> None:
    from support.running import ROOT

    html = (ROOT / "web" / "index.html").read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)


def test_without_javascript_the_page_says_how_to_ask(visits: Visits, site: Site) -> None:
    page = visits.page(java_script_enabled=False, **PHONE)
    page.goto(site.url)
    said = page.locator("noscript p")  # texts within are no texts to `get_by_text`
    expect(said).to_be_visible()
    assert "curl -F image=@photo.jpg" in said.inner_text()
    assert "I learned from photos" in page.inner_text(".about")
    page.get_by_role("link", name="API", exact=True).click()
    expect(page).to_have_url(re.compile("/api/docs$"))
