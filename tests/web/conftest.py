"""One browser and one site for all tests of the page; what goes wrong unseen fails the test."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.web.site import Site, running_site
from tests.web.states import Pictures, drawn, empty

HERE = Path(__file__).parent
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
CHROMIUM = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
ARGUMENTS = ["--no-sandbox", "--use-fake-device-for-media-stream"]
"""No sandbox: as root, as in most containers, Chromium has none. A camera with a test card."""
PATIENCE_MS = 60_000
"""For whatever is waited for: a busy machine is slow, and slow is not wrong."""
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
SETTLE = """document.getAnimations()
  .filter((animation) => Number.isFinite(animation.effect.getComputedTiming().endTime))
  .forEach((animation) => animation.finish())"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or the one that CHROMIUM names."""
    if not CHROMIUM:
        pytest.skip("no chromium on the path (CHROMIUM says where it is)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    return drawn(tmp_path_factory.mktemp("pictures"))


class Visits:
    """Browser contexts whose pages note what no visitor would see: errors, other origins."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self._browser = browser
        self._origin = urlsplit(site.url).netloc
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def page(self, **options: Any) -> Page:
        """A fresh page; `options` are those of Playwright's `new_context`."""
        # Without its service worker, since a test that changes answers would not see its requests.
        defaults: dict[str, Any] = {
            "viewport": {"width": 1280, "height": 900},
            "service_workers": "block",
        }
        context = self._browser.new_context(**(defaults | options))
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", lambda request: self._check_origin(request.url))
        page.on("console", lambda message: self._check_console(message.type, message.text))
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _check_origin(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self._origin:
            self.complaints.append(f"another origin: {url}")

    def _check_console(self, kind: str, text: str) -> None:
        # Chromium itself notes every failed request; whether the page copes is what is tested.
        known = ("Failed to load resource", "Service Worker registration blocked")
        if kind in ("error", "warning") and not text.startswith(known):
            self.complaints.append(f"console: {text}")


@pytest.fixture
def visits(browser: Browser, site: Site) -> Iterator[Visits]:
    visits = Visits(browser, site)
    yield visits
    visits.close()
    assert visits.complaints == []


@pytest.fixture
def page(visits: Visits) -> Page:
    """A fresh page on a desktop."""
    return visits.page()


@pytest.fixture
def opened(page: Page, site: Site, pictures: Pictures) -> Page:
    """The page on a desktop, with all it gets from the service."""
    empty(page, site, pictures)
    return page


def axe(page: Page) -> list[str]:
    """What axe-core finds, one line each. Needs `npm ci --prefix tests/web`."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci --prefix tests/web")
    page.evaluate(AXE.read_text())  # not by a script tag, which the page's CSP refuses
    page.evaluate(SETTLE)  # a colour that is half faded in has too little contrast
    found: list[str] = page.evaluate(
        """async (rules) => {
            const { violations } = await axe.run({ runOnly: rules, resultTypes: ['violations'] });
            return violations.flatMap(({ id, nodes }) =>
                nodes.map((node) => `${id}: ${node.html}: ${node.failureSummary}`));
        }""",
        RULES,  # of the rest, which is much, nothing comes back
    )
    return found
