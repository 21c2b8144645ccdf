"""The API's documentation in a real browser: a photo is uploaded from it, under its own policy."""

import pytest
from playwright.sync_api import expect

from tests.web.conftest import Visits, axe
from tests.web.site import Site
from tests.web.states import Pictures


def test_a_photo_is_classified_from_the_documentation(
    visits: Visits, site: Site, pictures: Pictures
) -> None:
    page = visits.page()
    page.goto(f"{site.url}api/docs")
    operation = page.locator("#operations-Classify-classify")
    operation.locator("button.opblock-summary-control").click()
    operation.locator("select[aria-label='Request content type']").select_option(
        "multipart/form-data"
    )
    operation.locator("input[type=file]").set_input_files(pictures["cat"])
    operation.locator("button.execute").click()
    answer = operation.locator(".live-responses-table td.response-col_description >> nth=-1")
    expect(answer).to_contain_text('"verdict": "cat"')


def test_what_is_new_stands_first_and_the_first_version_is_struck_out(
    visits: Visits, site: Site
) -> None:
    page = visits.page()
    page.goto(f"{site.url}api/docs")
    operations = page.locator(".opblock")
    expect(operations.first).to_have_id("operations-Classify-classify")
    expect(operations.last).to_have_class("opblock opblock-deprecated")
    page.get_by_role("navigation").get_by_role("link", name="Quickstart").click()
    expect(page.get_by_role("heading", name="Quickstart")).to_be_visible()


@pytest.mark.parametrize("options", [{"color_scheme": "light"}, {"color_scheme": "dark"}], ids=str)
def test_the_quickstart_has_a_tab_for_each_language(
    visits: Visits, site: Site, options: dict[str, str]
) -> None:
    page = visits.page(viewport={"width": 360, "height": 740}, **options)
    page.goto(f"{site.url}api/quickstart")
    shown = page.locator("section:visible code")
    origin = site.url.rstrip("/")
    expect(shown).to_contain_text(f"curl -F image=@photo.jpg {origin}/api/v1/classify")
    page.get_by_text("Python", exact=True).click()
    expect(shown).to_contain_text("import requests")
    page.keyboard.press("ArrowRight")
    expect(shown).to_contain_text("new FormData()")
    page.keyboard.press("ArrowRight")
    expect(shown).to_contain_text("curl_setopt_array")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert axe(page) == []
