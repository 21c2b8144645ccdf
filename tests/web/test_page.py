"""What visitors do: every way in, every kind of answer, every mistake."""

import base64
import json
import shlex
import subprocess
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.api.photo_servers import HTML, as_json
from tests.web.conftest import Visits
from tests.web.site import APACHE, BLUE, RED, Site, apache, solid
from tests.web.states import STATES, Pictures, empty, problem

CAT, DOG = "A cat, no doubt", "A dog, no doubt"


@pytest.fixture
def opened(page: Page, site: Site, pictures: Pictures) -> Page:
    empty(page, site, pictures)
    return page


def verdict(page: Page) -> str:
    """The answer, once it is there."""
    text: str = page.locator(".answer .verdict").first.inner_text()
    return text


def serve(site: Site, name: str, colour: str) -> str:
    """The address of a picture of that colour on the photo server."""
    site.photos.photos[f"/photo/{name}"] = (200, {"Content-Type": "image/jpeg"}, solid(colour))
    return f"{site.photos.url}/photo/{name}"


def hand_over(page: Page, event: str, target: str = "body", **content: Any) -> None:
    """Drop or paste: text by type, or `files` as (name, type, bytes)."""
    files = [
        (name, kind, base64.b64encode(data).decode())
        for name, kind, data in content.pop("files", [])
    ]
    texts = {kind.replace("_", "/", 1).replace("_", "-"): text for kind, text in content.items()}
    page.evaluate(
        """([event, target, files, texts]) => {
            const transfer = new DataTransfer();
            for (const [name, type, data] of files) {
                const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
                transfer.items.add(new File([bytes], name, {type}));
            }
            for (const [type, text] of Object.entries(texts)) transfer.setData(type, text);
            const init = {bubbles: true, cancelable: true};
            const made = event === 'paste'
                ? new ClipboardEvent(event, {...init, clipboardData: transfer})
                : new DragEvent(event, {...init, dataTransfer: transfer});
            document.querySelector(target).dispatchEvent(made);
        }""",
        [event, target, files, texts],
    )


# ---- ways in


def test_choose_a_file(opened: Page, pictures: Pictures) -> None:
    opened.set_input_files("#files", pictures["dog"])
    assert verdict(opened) == DOG
    expect(opened.locator(".answer img")).to_have_attribute("alt", "Your photo: dog.jpg")
    assert (
        opened.locator(".answer img").get_attribute("src", timeout=1000)[:15] == "data:image/jpeg"
    )


def test_take_a_photo(visits: Visits, site: Site, pictures: Pictures) -> None:
    page = visits.page(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 800})
    empty(page, site, pictures)
    expect(page.get_by_text("Take a photo")).to_be_visible()
    assert page.get_attribute("#camera", "capture") == "environment"
    page.set_input_files("#camera", pictures["cat"])
    assert verdict(page) == CAT
    expect(page.locator(".answer .verdict")).to_be_in_viewport()


def test_no_camera_button_with_a_mouse(opened: Page) -> None:
    expect(opened.get_by_text("Take a photo")).to_be_hidden()


def test_link(opened: Page, site: Site) -> None:
    opened.fill("#url", serve(site, "red.jpg", RED))
    opened.press("#url", "Enter")
    assert verdict(opened) == CAT


def test_link_in_the_address_waits_for_a_click(page: Page, site: Site) -> None:
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if "classify" in request.url else None)
    page.goto(f"{site.url}?url={serve(site, 'blue.jpg', BLUE)}&model=colours")
    page.wait_for_selector("#samples li")
    expect(page.locator("#url-hint")).to_contain_text("Press Look")
    assert asked == []
    page.get_by_role("button", name="Look").click()
    assert verdict(page) == "A blue thing, no doubt"


def test_drop_a_file(opened: Page) -> None:
    hand_over(opened, "drop", files=[("x.jpg", "image/jpeg", solid(BLUE))])
    assert verdict(opened) == DOG


def test_drop_a_link(opened: Page, site: Site) -> None:
    address = serve(site, "red.jpg", RED)
    hand_over(opened, "drop", text_uri_list=f"# a comment\r\n{address}\r\n")
    assert verdict(opened) == CAT


def test_drop_a_picture_of_another_page(opened: Page, site: Site) -> None:
    """It comes as HTML, with the link that it sits in beside it."""
    html = f'<a href="https://example.org/"><img src="{serve(site, "red.jpg", RED)}"></a>'
    hand_over(opened, "drop", text_html=html, text_uri_list="https://example.org/")
    assert verdict(opened) == CAT


def test_paste_a_picture(opened: Page) -> None:
    hand_over(opened, "paste", files=[("image.png", "image/png", solid(RED, "PNG"))])
    assert verdict(opened) == CAT


def test_paste_a_link(opened: Page, site: Site) -> None:
    hand_over(opened, "paste", text_plain=serve(site, "blue.jpg", BLUE))
    assert verdict(opened) == DOG


def test_paste_a_data_address(opened: Page) -> None:
    data = base64.b64encode(solid(BLUE)).decode()
    hand_over(opened, "paste", text_plain=f"data:image/jpeg;base64,{data}")
    assert verdict(opened) == DOG


def test_paste_into_the_field_is_left_alone(opened: Page) -> None:
    hand_over(opened, "paste", "#url", text_plain="https://example.org/cat.jpg")
    expect(opened.locator(".empty")).to_be_visible()


def test_samples(opened: Page) -> None:
    assert opened.locator("#samples button").count() == 3
    opened.get_by_role("button", name="Sample 1: t").click()
    assert verdict(opened) == CAT


@pytest.mark.parametrize("subject", ["anything", "cat", "dog"])
def test_random(opened: Page, site: Site, subject: str) -> None:
    opened.get_by_text(subject, exact=True).click()
    opened.get_by_role("button", name="Random").click()
    credit = opened.locator("figcaption")
    expect(credit).to_contain_text("by Marine Explorer · Flickr · CC BY 2.0")
    title, licence = credit.get_by_role("link").all()
    assert title.get_attribute("href").startswith("https://www.flickr.com/photos/71925535@N03/")  # type: ignore[union-attr]
    assert "creativecommons.org" in (licence.get_attribute("href") or "")


def test_random_from_another_source_when_one_fails(
    site: Site, opened: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cat photos of Flickr are cached by now; `red_thing` has never been searched for."""
    monkeypatch.setattr(site.photos, "answer", lambda _: HTML)
    opened.select_option("#model", "colours")
    opened.get_by_text("red thing", exact=True).click()
    opened.get_by_role("button", name="Random").click()
    expect(opened.locator("figcaption")).to_contain_text("Wikimedia Commons · CC BY-SA 4.0")


def test_several_files_become_a_grid(page: Page, site: Site, pictures: Pictures) -> None:
    STATES["several"](page, site, pictures)
    words = page.locator("#answers .verdict").all_inner_texts()
    assert words[:6] == [CAT, DOG, "Neither, I think"] * 2, "in the order in which they were chosen"
    expect(page.locator(".failure .note")).to_contain_text("broken.jpg:")
    expect(page.locator("#status")).to_have_text("6 of 7 pictures answered.")


def test_one_of_several_tried_again_or_cancelled(opened: Page, pictures: Pictures) -> None:
    """The others stay as they are."""
    refusals = [problem("overloaded", 503)]

    def route(route: Route) -> None:
        if refusals:
            route.fulfill(**refusals.pop())  # type: ignore[arg-type]
        else:
            route.fallback()

    opened.route("**/classify*", route)
    opened.set_input_files("#files", [pictures["cat"], pictures["dog"]])
    opened.wait_for_selector("#answers:not([aria-busy])")
    assert opened.locator(".answer").count() == 1
    opened.get_by_role("button", name="Try again").click()
    expect(opened.locator(".answer")).to_have_count(2)
    assert sorted(opened.locator("#answers .verdict").all_inner_texts()) == [CAT, DOG]

    opened.unroute("**/classify*")
    opened.route("**/classify*", lambda _: None)
    opened.set_input_files("#files", [pictures["cat"], pictures["dog"]])
    opened.get_by_role("button", name="Cancel").first.click()
    expect(opened.locator(".waiting")).to_have_count(1)
    opened.get_by_role("button", name="Cancel").click()
    expect(opened.locator(".empty")).to_be_visible()


def test_by_keyboard_alone(opened: Page, site: Site) -> None:
    opened.keyboard.press("Tab")
    expect(opened.locator(".skip")).to_be_focused()
    opened.keyboard.press("Tab")
    expect(opened.locator("#files")).to_be_focused()
    ring = "e => getComputedStyle(e.nextElementSibling).outlineStyle"
    assert opened.eval_on_selector("#files", ring) == "solid", "the focus is seen at its label"
    opened.keyboard.press("Tab")
    opened.keyboard.type(serve(site, "blue.jpg", BLUE))
    opened.keyboard.press("Enter")
    assert verdict(opened) == DOG
    opened.keyboard.press("Tab")  # Look
    opened.keyboard.press("Tab")
    opened.keyboard.press("ArrowRight")
    expect(opened.get_by_label("cat", exact=True)).to_be_checked()
    opened.keyboard.press("Enter")
    expect(opened.locator("figcaption")).to_be_visible()
    seen: list[str] = []
    opened.keyboard.press("Tab")
    while opened.evaluate("document.activeElement !== document.body"):
        seen.append(opened.evaluate("document.activeElement.textContent.trim()"))
        outline = opened.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"the focus is not seen at {seen[-1]}"
        opened.keyboard.press("Tab")
    assert {"Where it looked", "For developers", "Forget all"} <= set(seen)


# ---- answers


def test_the_answer(page: Page, site: Site, pictures: Pictures) -> None:
    STATES["answer"](page, site, pictures)
    rows = page.locator(".scores li").all_inner_texts()
    assert [row.split() for row in rows] == [["cat", "100%"], ["dog", "0%"]]
    expect(page.locator("#status")).to_contain_text("A cat, no doubt. cat 100%")
    expect(page.locator(".facts")).to_contain_text("Model cat_dog, version 1")
    expect(page.locator(".facts")).to_contain_text("JPEG, 496 × 336")


def test_neither(page: Page, site: Site, pictures: Pictures) -> None:
    STATES["neither"](page, site, pictures)
    assert verdict(page) == "Neither, I think"
    expect(page.locator(".answer .note")).to_contain_text("unlike the photos I learned from")


def test_where_it_looked(page: Page, site: Site, pictures: Pictures) -> None:
    STATES["where_it_looked"](page, site, pictures)
    expect(page.locator(".where")).to_be_visible()
    expect(page.locator("#status")).to_contain_text("It looked most at")
    picture, shade = (
        page.locator(".answer img").bounding_box(),
        page.locator(".where").bounding_box(),
    )
    assert picture == shade
    shades = page.eval_on_selector(
        ".where",
        """canvas => [...canvas.getContext('2d')
            .getImageData(0, 0, canvas.width, canvas.height).data].filter((_, i) => i % 4 === 3)""",
    )
    assert min(shades) < 60, "the brightest place is hardly shaded"
    page.click(".where-toggle")
    expect(page.locator(".where")).to_be_hidden()
    expect(page.locator(".where-toggle")).to_have_attribute("aria-pressed", "false")


def test_the_curl_command_works(opened: Page, site: Site) -> None:
    opened.fill("#url", serve(site, "it's red.jpg".replace(" ", "%20"), RED))
    opened.press("#url", "Enter")
    opened.click("summary")
    command = opened.locator("pre.curl").inner_text()
    done = subprocess.run(shlex.split(command), capture_output=True, check=True, timeout=20)
    assert json.loads(done.stdout)["verdict"] == "cat"
    shown = json.loads(opened.locator("pre.json").inner_text())
    assert shown["verdict"] == "cat"
    assert "preview" not in shown


def test_copy(visits: Visits, site: Site, pictures: Pictures) -> None:
    page = visits.page(permissions=["clipboard-read", "clipboard-write"])
    STATES["developers"](page, site, pictures)
    page.click("[data-copy=curl]")
    expect(page.locator("[data-copy=curl]")).to_have_text("Copied")
    text = page.evaluate("navigator.clipboard.readText()")
    assert text.startswith("curl -F 'image=@cat.jpg' 'http://127.0.0.1")


def test_share(visits: Visits, site: Site, pictures: Pictures) -> None:
    page = visits.page(permissions=["clipboard-read", "clipboard-write"])
    empty(page, site, pictures)
    page.fill("#url", serve(site, "red.jpg", RED))
    page.press("#url", "Enter")
    page.get_by_role("button", name="Share a link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    page.goto(page.evaluate("navigator.clipboard.readText()"))
    expect(page.locator("#url")).to_have_value(serve(site, "red.jpg", RED))
    page.set_input_files("#files", pictures["cat"])
    expect(page.locator(".answer")).to_be_visible()
    expect(page.get_by_role("button", name="Share a link")).to_have_count(0)


def test_history(opened: Page, pictures: Pictures) -> None:
    for name in ("cat", "dog"):
        opened.set_input_files("#files", pictures[name])
        opened.locator(f'.answer img[alt="Your photo: {name}.jpg"]').wait_for()
    prints = opened.locator("#history button:has(img)")
    assert prints.all_inner_texts() == [DOG, CAT]
    prints.last.click()
    assert verdict(opened) == CAT
    opened.get_by_role("button", name="Forget all").click()
    expect(opened.locator("#history")).to_be_hidden()
    opened.reload()
    expect(opened.locator("#history")).to_be_hidden()
    assert opened.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [
        0,
        0,
        "",
    ]


def test_choice_of_model(opened: Page, pictures: Pictures) -> None:
    opened.select_option("#model", "colours")
    expect(opened.locator("h1")).to_have_text("Red thing, blue thing, or neither?")
    assert opened.locator("#subjects label").all_inner_texts() == [
        "anything",
        "red thing",
        "blue thing",
    ]
    opened.set_input_files("#files", pictures["cat"])
    assert verdict(opened) == "A red thing, no doubt"
    expect(opened.locator(".facts")).to_contain_text("Model colours")


SENTENCES = [
    ("dog", {"dog": 0.999, "cat": 0.001}, "A dog, no doubt"),
    ("cat", {"cat": 0.95, "dog": 0.05}, "A cat, I am quite sure"),
    ("cat", {"cat": 0.8, "dog": 0.2}, "Probably a cat"),
    ("owl", {"owl": 0.65, "cat": 0.35}, "Perhaps an owl"),
    ("cat", {"cat": 0.51, "dog": 0.49}, "A cat? Hard to say"),
    ("neither", {"cat": 0.99, "dog": 0.01}, "Neither, I think"),
    ("neither", {"a": 0.9, "b": 0.05, "c": 0.05}, "None of these, I think"),
    ("sea_lions", {"sea_lions": 1.0, "cat": 0.0}, "Sea lions, no doubt"),
    ("albatross", {"albatross": 1.0, "cat": 0.0}, "An albatross, no doubt"),
]


def test_sentences(opened: Page) -> None:
    results = [
        {
            "verdict": winner,
            "predictions": [{"label": label, "score": score} for label, score in scores.items()],
        }
        for winner, scores, _ in SENTENCES
    ]
    words = opened.evaluate(
        """async (results) => {
            const { inWords } = await import('./js/words.js');
            return results.map((result) => inWords(result).verdict);
        }""",
        results,
    )
    assert words == [sentence for *_, sentence in SENTENCES]


LINKS = {
    " https://example.org/cat.jpg ": "https://example.org/cat.jpg",
    "example.org/cat.jpg": "https://example.org/cat.jpg",
    "localhost:8000/cat.jpg": "https://localhost:8000/cat.jpg",
    "http://cats/1.jpg": "http://cats/1.jpg",
    "https://example.org/a b": None,
    "cat": None,
    "": None,
    "ftp://example.org/cat.jpg": None,
    "javascript:alert(1)": None,
    "file:///etc/passwd": None,
}


def test_links(opened: Page) -> None:
    found = opened.evaluate(
        "async (texts) => texts.map((await import('./js/pictures.js')).asLink)", list(LINKS)
    )
    assert dict(zip(LINKS, found, strict=True)) == LINKS


def test_large_photos_are_made_smaller_before_they_travel(opened: Page) -> None:
    width, height = opened.evaluate(
        """async () => {
            const { shrunk } = await import('./js/pictures.js');
            const canvas = new OffscreenCanvas(5000, 3000);
            const noise = canvas.getContext('2d').createImageData(5000, 3000);
            for (let i = 0; i < noise.data.length; i++) noise.data[i] = (i * 2654435761) >>> 24;
            canvas.getContext('2d').putImageData(noise, 0, 0);
            const file = await canvas.convertToBlob({type: 'image/jpeg', quality: 1});
            if (file.size < 2 ** 21) throw new Error(`only ${file.size}`);
            const bitmap = await createImageBitmap(await shrunk(file));
            return [bitmap.width, bitmap.height];
        }"""
    )
    assert (width, height) == (2048, 1229)


def test_the_way_to_the_documentation(opened: Page) -> None:
    opened.get_by_role("link", name="API with documentation").click()
    expect(opened.get_by_role("heading", name="dogorcat")).to_be_visible()


# ---- mistakes


@pytest.mark.parametrize(
    "text", ["", "   ", "my cat", "ftp://example.org/x", "javascript:alert(1)"]
)
def test_a_link_that_is_none(opened: Page, text: str) -> None:
    opened.fill("#url", text)
    opened.press("#url", "Enter")
    expect(opened.locator("#url-error")).to_contain_text("link")
    expect(opened.locator("#url")).to_have_attribute("aria-invalid", "true")
    expect(opened.locator("#url")).to_be_focused()
    opened.fill("#url", "https://example.org")
    expect(opened.locator("#url-error")).to_be_empty()
    expect(opened.locator("#url")).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize(
    ("reply", "headline"),
    [
        ((404, {}, b"gone"), "The picture could not be fetched"),
        (HTML, "That is no picture I can read"),
        ((200, {"Content-Type": "image/jpeg"}, solid(RED)[:900]), "The picture is damaged"),
        ((200, {"Content-Type": "image/jpeg"}, b""), "The picture could not be fetched"),
    ],
)
def test_a_link_to_something_else(opened: Page, site: Site, reply: Any, headline: str) -> None:
    site.photos.photos["/photo/else"] = reply
    opened.fill("#url", f"{site.photos.url}/photo/else")
    opened.press("#url", "Enter")
    expect(opened.locator(".failure .verdict")).to_have_text(headline)
    expect(opened.locator("#url-error")).not_to_be_empty()
    expect(opened.locator("#url")).to_have_attribute("aria-invalid", "true")


def test_a_link_to_nowhere(opened: Page, site: Site) -> None:
    opened.fill("#url", f"http://10.0.0.1:{site.photos.port}/cat.jpg")
    opened.press("#url", "Enter")
    expect(opened.locator(".failure .verdict")).to_have_text("That link leads nowhere")
    expect(opened.locator("#url-error")).to_contain_text("save the picture and choose the file")


def test_a_file_that_is_no_picture(opened: Page) -> None:
    letter = {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
    opened.set_input_files("#files", [letter])  # type: ignore[list-item]
    expect(opened.locator("#files-error")).to_have_text("“letter.pdf”: not a picture.")
    expect(opened.locator(".empty")).to_be_visible()


def test_a_file_that_only_looks_like_a_picture(opened: Page) -> None:
    fake = {"name": "cat.jpg", "mimeType": "image/jpeg", "buffer": b"not a picture at all"}
    opened.set_input_files("#files", [fake])  # type: ignore[list-item]
    expect(opened.locator(".failure .verdict")).to_have_text("That is no picture I can read")
    expect(opened.locator("#files")).to_have_attribute("aria-invalid", "true")


def test_a_file_that_is_too_large(opened: Page) -> None:
    """Not a picture that the browser could make smaller, so it travels, through Apache."""
    huge = {"name": "huge.jpg", "mimeType": "image/jpeg", "buffer": solid(RED) + bytes(11 << 20)}
    opened.evaluate("() => { window.createImageBitmap = () => Promise.reject(); }")
    opened.set_input_files("#files", [huge])  # type: ignore[list-item]
    expect(opened.locator(".failure .verdict")).to_have_text("The picture is too large")


def test_dropped_text_that_is_nothing(opened: Page) -> None:
    hand_over(opened, "drop", text_plain="hello there")
    expect(opened.locator("#files-error")).to_have_text("That was neither a picture nor a link.")


@pytest.mark.parametrize(
    ("answer", "headline", "message"),
    [
        (
            problem("rate_limited", 429, **{"Retry-After": "7"}),
            "That was a lot of",
            "Wait 7 seconds",
        ),
        (problem("overloaded", 503), "Busy right now", "Try again in a moment"),
        (problem("deadline_exceeded", 504), "That took too long", "smaller"),
        (problem("internal_error", 500), "That did not work", "A detail."),
        (problem("some_new_code", 400), "That did not work", "A detail."),
        ({"status": 413, "body": "<h1>Too large</h1>"}, "The picture is too large", "smaller"),
        ({"status": 502, "body": "<h1>Bad gateway</h1>"}, "That did not work", "status 502"),
        ({"status": 200, "body": "<h1>Login</h1>"}, "That did not work", "status 200"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_answer_that_is_none(
    opened: Page, pictures: Pictures, answer: dict[str, Any], headline: str, message: str
) -> None:
    opened.route("**/classify*", lambda route: route.fulfill(**answer))
    opened.set_input_files("#files", pictures["cat"])
    expect(opened.locator(".failure .verdict")).to_contain_text(headline)
    expect(opened.locator("#files-error")).to_contain_text(message)
    opened.unroute("**/classify*")
    opened.get_by_role("button", name="Try again").click()
    assert verdict(opened) == CAT
    expect(opened.locator("#answers")).to_be_focused()
    expect(opened.locator("#files-error")).to_be_empty()


def test_offline_and_back(page: Page, site: Site, pictures: Pictures) -> None:
    STATES["offline"](page, site, pictures)
    expect(page.locator(".failure .verdict")).to_have_text("No connection")
    page.unroute("**/classify*")
    page.get_by_role("button", name="Try again").click()
    assert verdict(page) == CAT


def test_starting_is_waited_out(opened: Page, pictures: Pictures) -> None:
    left = [problem("not_ready", 503, **{"Retry-After": "1"})] * 2

    def route(route: Route) -> None:
        route.fulfill(**left.pop()) if left else route.fallback()  # type: ignore[arg-type]

    opened.route("**/classify*", route)
    opened.set_input_files("#files", pictures["cat"])
    expect(opened.locator(".waiting .note")).to_contain_text("tries again by itself")
    assert verdict(opened) == CAT


def test_cancel(page: Page, site: Site, pictures: Pictures) -> None:
    STATES["waiting"](page, site, pictures)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".empty")).to_be_visible()
    expect(page.locator("#status")).to_have_text("Cancelled.")
    expect(page.locator("#answers")).to_be_focused()
    page.unroute("**/classify*")
    page.set_input_files("#files", pictures["dog"])
    assert verdict(page) == DOG


def test_a_new_question_takes_the_place_of_the_old_one(
    page: Page, site: Site, pictures: Pictures
) -> None:
    STATES["waiting"](page, site, pictures)
    page.unroute("**/classify*")
    page.set_input_files("#files", pictures["dog"])
    assert verdict(page) == DOG
    assert page.locator("#answers > *").count() == 1


def test_random_without_a_photo(opened: Page) -> None:
    detail = "No photo now: Flickr could not be reached."
    answer = problem("photo_source_unavailable", 503, detail)
    opened.route("**/random*", lambda route: route.fulfill(**answer))  # type: ignore[arg-type]
    opened.get_by_role("button", name="Random").click()
    expect(opened.locator("#random-error")).to_have_text(detail)


def test_a_title_is_text_and_a_link_is_a_link(opened: Page, site: Site) -> None:
    """Whatever a photo source says, none of it becomes markup or code."""

    def hostile(route: Route) -> None:
        content = route.fetch().json()
        content["photo"] |= {
            "title": "<img src=x onerror=alert(1)>",
            "author": "<b>me</b>",
            "page_url": "javascript:alert(1)",
        }
        route.fulfill(json=content)

    opened.route("**/random*", hostile)
    opened.get_by_role("button", name="Random").click()
    expect(opened.locator("figcaption")).to_contain_text(
        "“<img src=x onerror=alert(1)>” by <b>me</b>"
    )
    assert opened.locator("figcaption img, figcaption b, [href^=javascript]").count() == 0


def test_a_service_without_samples_or_models(page: Page, site: Site, pictures: Pictures) -> None:
    page.route("**/samples", lambda route: route.fulfill(**as_fulfil(as_json({"samples": []}))))
    page.route("**/models", lambda route: route.fulfill(**problem("internal_error", 500)))  # type: ignore[arg-type]
    page.goto(site.url)
    page.set_input_files("#files", pictures["cat"])
    assert verdict(page) == CAT


def as_fulfil(reply: Any) -> dict[str, Any]:
    status, headers, body = reply
    return {"status": status, "headers": headers, "body": body}


@pytest.mark.skipif(not APACHE, reason="no apache2 on this machine")
def test_the_service_is_down(visits: Visits, pictures: Pictures) -> None:
    """Apache answers in its place, in JSON, and the page keeps trying."""
    with apache("http://127.0.0.1:9") as url:
        visits._origin = url.split("/")[2]
        page = visits.page()
        page.goto(url)
        page.get_by_text("tries again by itself").wait_for()
        page.set_input_files("#files", pictures["cat"])
        expect(page.locator(".waiting .note")).to_contain_text("tries again by itself")
