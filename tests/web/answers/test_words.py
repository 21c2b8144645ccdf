"""What is said, and what the bars show, for every kind of result: nothing is overstated."""

import pytest
from playwright.sync_api import Page, expect

from tests.web.site import RED, Site
from tests.web.states import STATES, Pictures, answer_with
from tests.web.visitor import serve, verdict

PETS = [{"label": "dog", "score": 0.997}, {"label": "cat", "score": 0.003}]
BOTH = [{"label": "dog", "score": 0.55}, {"label": "cat", "score": 0.45}]
CLOSE = [{"label": "dog", "score": 0.7}, {"label": "cat", "score": 0.3}]

# result -> verdict, a part of the note, the bars
RESULTS = [
    (
        {"verdict": "neither", "present": [], "predictions": PETS, "familiarity": 0.02},
        ("Neither, I think", "doesn’t look like anything I learned.", ["neither", "dog", "cat"]),
    ),
    (
        {"verdict": "neither", "present": [], "predictions": PETS, "familiarity": 0.45},
        ("Neither, I think", "If I had to choose: a dog.", ["neither", "dog", "cat"]),
    ),
    (
        {"verdict": "dog", "present": ["dog"], "predictions": PETS, "familiarity": 0.6},
        ("Looks like a dog to me", "it’s unlike the photos I know", ["dog", "neither", "cat"]),
    ),
    (
        {"verdict": "dog", "present": ["dog"], "predictions": CLOSE, "familiarity": 0.6},
        ("Looks like a dog to me", "It could also be a cat.", ["dog", "neither", "cat"]),
    ),
    (
        {"verdict": "dog", "present": ["dog"], "predictions": PETS, "familiarity": 0.95},
        ("A dog, no doubt", "", ["dog", "neither", "cat"]),
    ),
    (
        {"verdict": "dog", "present": ["dog"], "predictions": PETS, "familiarity": None},
        ("A dog, no doubt", "", ["dog", "cat"]),
    ),
    (
        {"verdict": "several", "present": ["dog", "cat"], "predictions": BOTH, "familiarity": 0.99},
        ("A dog and a cat", "", ["dog", "cat", "neither"]),
    ),
    (
        {"verdict": "several", "present": ["dog", "cat"], "predictions": BOTH, "familiarity": 0.7},
        ("A dog and a cat", "unlike the photos I know", ["dog", "cat", "neither"]),
    ),
]


def test_words_and_bars(opened: Page) -> None:
    for result, (words, note, rows) in RESULTS:
        said = opened.evaluate(
            """async (result) => {
                const { bars, inWords } = await import('./js/answer/words.js');
                return { ...inWords(result), bars: bars(result) };
            }""",
            result,
        )
        assert said["verdict"] == words
        assert note in said["note"]
        assert bool(note) is bool(said["note"])
        assert [bar["label"] for bar in said["bars"]] == rows
        shares = {bar["label"]: bar["share"] for bar in said["bars"]}
        assert sum(shares.values()) == pytest.approx(1)
        if result["verdict"] == "neither":
            assert max(shares, key=lambda label: shares[label]) == "neither"
            assert max(shares["cat"], shares["dog"]) < 0.5, "no full bar beside it"


def test_two_animals_have_a_colour_each(page: Page, site: Site, pictures: Pictures) -> None:
    STATES["two_animals"](page, site, pictures)
    assert verdict(page) == "A dog and a cat"
    expect(page.locator(".where")).to_be_visible()
    bars = page.locator(".bar[style*=colour]")
    colours = bars.evaluate_all("all => all.map(e => e.style.getPropertyValue('--colour'))")
    assert len(set(colours)) == 2
    pixels = page.eval_on_selector(
        ".where",
        """canvas => {
            const { width, height } = canvas;
            const all = canvas.getContext('2d').getImageData(0, 0, width, height).data;
            const at = (x, y) => [...all.slice(4 * (y * width + x), 4 * (y * width + x) + 3)];
            return [.12, .88].map((share) => at(Math.round(width * share), height >> 1))
                .map((rgb) => '#' + rgb.map((v) => v.toString(16).padStart(2, '0')).join(''));
        }""",
    )
    wanted = [tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in colours]
    found = [tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in pixels]
    for one, other in zip(found, wanted, strict=True):  # the dog on the left, the cat on the right
        assert max(abs(a - b) for a, b in zip(one, other, strict=True)) < 12
    expect(page.locator("#status")).to_contain_text("A dog and a cat.")


def test_a_picture_found_on_a_page_says_so(opened: Page, site: Site) -> None:
    source = {"url": "https://example.org/a.jpg", "page": "https://example.org/story"}
    answer_with(opened, source=source)
    opened.fill("#url", serve(site, "red.jpg", RED))
    opened.press("#url", "Enter")
    expect(opened.locator("figcaption")).to_contain_text("Found on that page: example.org")
    link = opened.locator("figcaption").get_by_role("link")
    expect(link).to_have_attribute("href", source["page"])


@pytest.mark.parametrize(
    ("look", "words"),
    [
        ({"turned": 180, "region": None}, "I turned it upright to look."),
        (
            {"turned": 0, "region": [0, 0.3, 1, 0.4]},
            "I looked only inside the dashed line: I know that part better.",
        ),
    ],
)
def test_how_i_looked_is_said(
    opened: Page, site: Site, look: dict[str, object], words: str
) -> None:
    answer_with(opened, look=look)
    opened.fill("#url", serve(site, "red.jpg", RED))
    opened.press("#url", "Enter")
    expect(opened.locator(".looked")).to_have_text(words)
    expect(opened.locator(".found")).to_have_count(1 if look["region"] else 0)
    expect(opened.locator("#status")).to_contain_text(words)
