"""The API's documentation in a real browser: a photo is uploaded from it, under its own policy."""

from playwright.sync_api import expect

from tests.web.conftest import Visits
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
