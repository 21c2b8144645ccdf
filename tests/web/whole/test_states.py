"""Every state of the page: accessible, within its width, calm where asked, in both colours."""

import re
from itertools import pairwise

import pytest

from tests.web.conftest import Visits, axe
from tests.web.site import Site
from tests.web.states import STATES, Pictures

DESKTOP = {"viewport": {"width": 1280, "height": 900}}
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
        for image in page.locator("img").all():
            if image.is_visible() and image.get_attribute("src"):
                assert image.evaluate("image => image.decode().then(() => image.naturalWidth)")


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
