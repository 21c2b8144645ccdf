"""An answer is passed on: as a picture, as a link, and as the preview that others show of it."""

import io
from html.parser import HTMLParser

import pytest
import requests
from PIL import Image
from playwright.sync_api import Page, expect

from tests.web.conftest import Visits
from tests.web.site import RED, Site
from tests.web.states import Pictures
from tests.web.visitor import CAT, PHONE, serve

SHARING = """() => {
    navigator.canShare = (data) => data.files?.length === 1;
    navigator.share = async (data) => { window.shared = data; };
}"""


def share(page: Page) -> None:
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.locator("#share")).to_be_visible()


def test_an_upload_is_shared_as_a_picture(opened: Page, pictures: Pictures) -> None:
    """Picture, verdict and address; it has no link, and nothing leaves the browser."""
    opened.set_input_files("#files", pictures["cat"])
    opened.wait_for_selector(".answer")
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    share(opened)
    with opened.expect_download() as download:
        opened.get_by_role("button", name="Save the picture").click()
    assert download.value.suggested_filename == "dogorcat.png"
    card = Image.open(download.value.path()).convert("RGB")
    assert card.width == 1080
    assert card.height > 900
    red, green, blue = card.getpixel((540, 400))  # type: ignore[misc]
    assert red > 180 > 80 > max(green, blue), "the picture"
    below = card.crop((48, card.height - 300, 1000, card.height - 20))
    assert min(below.convert("L").tobytes()) < 80, "words"
    expect(opened.get_by_role("button", name="Copy the link")).to_be_hidden()
    expect(opened.get_by_role("button", name="Share…")).to_be_hidden()
    assert all(url.startswith("blob:") or url.endswith("icon.svg") for url in asked), asked
    opened.keyboard.press("Escape")
    expect(opened.locator("#share")).to_be_hidden()
    expect(opened.get_by_role("button", name="Share", exact=True)).to_be_focused()


def test_a_link_is_copied_and_asks_the_same(visits: Visits, site: Site) -> None:
    page = visits.page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(site.url)
    page.wait_for_selector("#samples li")
    page.fill("#url", serve(site, "red.jpg", RED))
    page.press("#url", "Enter")
    page.wait_for_selector(".answer")
    share(page)
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    page.goto(page.evaluate("navigator.clipboard.readText()"))
    page.get_by_role("button", name="See the answer").click()
    expect(page.locator(".answer .verdict")).to_have_text(CAT)


def test_a_phone_shares_the_picture_itself(visits: Visits, site: Site, pictures: Pictures) -> None:
    page = visits.page(**PHONE)
    page.goto(site.url)
    page.wait_for_selector("#samples li")
    page.evaluate(SHARING)
    page.get_by_role("button", name="Random").first.tap()
    page.wait_for_selector(".answer figcaption")
    share(page)
    page.get_by_role("button", name="Share…").tap()
    shared = page.evaluate(
        "({text: shared.text, type: shared.files[0].type, size: shared.files[0].size})"
    )
    assert shared["type"] == "image/png"
    assert shared["size"] > 1000
    assert "?url=http" in shared["text"]


class Meta(HTMLParser):
    """The properties of a page's head."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        name = values.get("property") or values.get("name")
        if tag == "meta" and name:
            self.found[name] = values.get("content") or ""


@pytest.mark.parametrize("through", ["url", "service"])
def test_links_unfurl(site: Site, through: str) -> None:
    """With and without Apache: a title, a sentence, and a picture with its whole address."""
    page = f"{getattr(site, through).rstrip('/')}/"
    meta = Meta()
    meta.feed(requests.get(f"{page}?url=https://example.org/a.jpg", timeout=30).text)
    assert meta.found["og:title"] == "Cat, dog, or neither?"
    assert len(meta.found["og:description"]) > 40
    assert meta.found["twitter:card"] == "summary_large_image"
    assert meta.found["og:image"].startswith(page)
    picture = requests.get(meta.found["og:image"], timeout=30)
    assert picture.headers["Content-Type"] == "image/png"
    size = Image.open(io.BytesIO(picture.content)).size
    assert size == (int(meta.found["og:image:width"]), int(meta.found["og:image:height"]))


def test_a_host_that_is_no_name_is_no_markup(site: Site) -> None:
    reply = requests.get(site.service, headers={"Host": 'a"><script>'}, timeout=30)
    assert "<script>" not in reply.text.replace('<script type="module"', "")
