"""The page as an app: its manifest, its service worker, what other apps share with it."""

import base64
import io

import pytest
import requests
from PIL import Image
from playwright.sync_api import Page, expect

from support.running import wait_until
from tests.web.conftest import Visits, axe
from tests.web.site import BLUE, RED, Site, solid
from tests.web.states import Pictures
from tests.web.visitor import CAT, DOG, PHONE, serve

READY = "() => navigator.serviceWorker.ready.then(() => true)"


@pytest.fixture
def app(visits: Visits, site: Site) -> Page:
    """The page, opened for the second time: its service worker is there."""
    page = visits.page(service_workers="allow", **PHONE)
    page.goto(site.url)
    page.evaluate(READY)
    wait_until(lambda: bool(page.evaluate("Boolean(navigator.serviceWorker.controller)")))
    return page


def test_the_manifest(site: Site) -> None:
    manifest = requests.get(f"{site.url}manifest.webmanifest", timeout=30).json()
    assert manifest["display"] == "standalone"
    sizes = set()
    for icon in manifest["icons"]:
        reply = requests.get(site.url + icon["src"], timeout=30)
        assert reply.headers["Content-Type"].startswith(icon["type"])
        if icon["type"] == "image/png":
            sizes.add(icon["sizes"])
            width, height = Image.open(io.BytesIO(reply.content)).size
            assert f"{width}x{height}" == icon["sizes"]
    assert sizes == {"192x192", "512x512"}


def test_without_a_connection_the_page_says_so(app: Page, site: Site) -> None:
    app.context.set_offline(True)
    app.goto(site.url)
    expect(app.get_by_role("heading", name="No connection")).to_be_visible()
    assert axe(app) == []
    assert app.evaluate("document.querySelector('img').naturalWidth") > 0
    assert app.eval_on_selector(".button", "e => getComputedStyle(e).borderRadius") == "999px"
    app.context.set_offline(False)
    app.get_by_role("link", name="Try again").click()
    expect(app.get_by_role("heading", name="Cat, dog, or neither?")).to_be_visible()


def test_answers_never_come_from_memory(app: Page, site: Site, pictures: Pictures) -> None:
    app.set_input_files("#files", pictures["cat"])
    expect(app.locator(".answer .verdict")).to_have_text(CAT)
    app.context.set_offline(True)
    app.set_input_files("#files", pictures["cat"])
    expect(app.locator(".failure .verdict")).to_have_text("No connection")
    kept = app.evaluate(
        """async () => {
            const all = [];
            for (const name of await caches.keys())
                for (const request of await (await caches.open(name)).keys())
                    all.push(new URL(request.url).pathname);
            return all.sort();
        }"""
    )
    assert kept == [
        "/css/base.css",
        "/css/controls.css",
        "/css/offline.css",
        "/icon.svg",
        "/offline.html",
    ]


SHARE = """([files, fields]) => {
    const form = document.createElement('form');
    Object.assign(form, {method: 'post', enctype: 'multipart/form-data', action: 'share'});
    for (const [name, value] of Object.entries(fields)) {
        const input = document.createElement('input');
        Object.assign(input, {name, value});
        form.append(input);
    }
    const chosen = document.createElement('input');
    Object.assign(chosen, {type: 'file', name: 'image', multiple: true});
    const transfer = new DataTransfer();
    for (const [name, data] of files) {
        const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
        transfer.items.add(new File([bytes], name, {type: 'image/jpeg'}));
    }
    chosen.files = transfer.files;
    form.append(chosen);
    document.body.append(form);
    form.submit();
}"""


def test_a_shared_photo_is_asked_about(app: Page, site: Site) -> None:
    photo = base64.b64encode(solid(BLUE)).decode()
    app.evaluate(SHARE, [[["Mein Hund.jpg", photo]], {"title": "A photo"}])
    expect(app.locator(".answer .verdict")).to_have_text(DOG)
    expect(app.locator(".answer img")).to_have_attribute("alt", "Your photo: Mein Hund.jpg")
    assert app.url == site.url
    assert app.evaluate("caches.has('shared')") is False, "taken away, not kept"


def test_a_shared_link_waits_for_a_tap(app: Page, site: Site) -> None:
    address = serve(site, "red.jpg", RED)
    app.evaluate(SHARE, [[], {"title": "Look", "text": f"At this {address}"}])
    app.get_by_role("button", name="See the answer").tap()
    expect(app.locator(".answer .verdict")).to_have_text(CAT)
