"""Ranking by suspicion, decisions that are never lost, and the page on this machine alone."""

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from common.errors import DataError
from train.review.decisions import Decisions, apply
from train.review.server import server
from train.review.suspects import Suspect, out_of_fold, rank


def test_wrong_labels_come_first() -> None:
    """3 % of the labels of three overlapping classes are wrong; nearly all are in the first 5 %."""
    random = np.random.default_rng(0)
    right = np.arange(600) % 3
    features = random.normal(size=(600, 20)) + 1.5 * np.eye(3, 20)[right] * 2
    wrong = set(random.choice(600, 18, replace=False).tolist())
    truth = np.array([(label + 1) % 3 if i in wrong else label for i, label in enumerate(right)])
    names = [str(i) for i in range(600)]
    found = out_of_fold(features.astype(np.float32), truth)
    ranked = rank(names, ["train"] * 600, ("a", "b", "c"), truth, found, [])
    first = {int(one.photo) for one in ranked[:30]}
    assert len(first & wrong) >= 16
    for one in ranked[:10]:
        assert one.looks_like != one.label
    assert [one.loss for one in ranked] == sorted((one.loss for one in ranked), reverse=True)


def test_near_duplicates_with_different_labels_come_before_all() -> None:
    truth = np.array([0, 1, 0, 1])
    sure = np.array([[0.9, 0.1], [0.1, 0.9], [0.01, 0.99], [0.2, 0.8]])
    ranked = rank(list("abcd"), ["train"] * 4, ("x", "y"), truth, sure, [(0, 1), (0, 2)])
    assert [(one.photo, one.twin) for one in ranked] == [
        ("a", "b"), ("b", "a"), ("c", None), ("d", None)
    ]  # fmt: skip


def test_photos_that_look_like_nothing_come_before_wrong_labels() -> None:
    truth = np.array([0, 1, 0, 1])
    sure = np.array([[0.9, 0.1], [0.1, 0.9], [0.01, 0.99], [0.2, 0.8]])
    strange = np.array([0, 0.3, 0, 0.1], np.float32)
    ranked = rank(list("abcd"), ["train"] * 4, ("x", "y"), truth, sure, [], strange)
    assert [(one.photo, one.like_nothing) for one in ranked] == [
        ("b", True), ("d", True), ("c", False), ("a", False)
    ]  # fmt: skip


def test_at_most_a_hundredth_is_said_to_look_like_nothing() -> None:
    """A model of other photos knows none of these: that says nothing about any one of them."""
    truth = np.arange(200) % 2
    sure = np.full((200, 2), 0.5)
    strange = np.linspace(0.1, 0.4, 200).astype(np.float32)
    names = [f"{i:03}" for i in range(200)]
    ranked = rank(names, ["train"] * 200, ("x", "y"), truth, sure, [], strange)
    assert [one.photo for one in ranked if one.like_nothing] == names[:197:-1]


def test_a_class_of_one_photo_cannot_be_reviewed() -> None:
    with pytest.raises(DataError, match="at least two photos"):
        out_of_fold(np.zeros((3, 2), np.float32), np.array([0, 0, 1]))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in (
        "train/cat/1.jpg",
        "train/cat/deep/2.jpg",
        "train/dog/1.jpg",
        "validation/dog/3.jpg",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), "red").save(tmp_path / name)
    return tmp_path


def there(data: Path) -> set[str]:
    return {p.relative_to(data).as_posix() for p in data.rglob("*.jpg")}


def test_decisions_are_carried_out_once_and_only_when_told_to(photos: Path) -> None:
    decisions = Decisions(photos / "review.jsonl")
    before = there(photos)
    decisions.add("train/cat/1.jpg", "delete")
    decisions.add("", "undo")
    decisions.add("train/cat/1.jpg", "keep")
    decisions.add("train/cat/deep/2.jpg", "relabel", "bird")
    decisions.add("train/dog/1.jpg", "set_aside")
    decisions.add("validation/dog/3.jpg", "keep")
    decisions.add("validation/dog/3.jpg", "delete")
    assert there(photos) == before
    again = Decisions(photos / "review.jsonl")
    assert again.current() == decisions.current()
    assert len(apply(photos, again)) == 3
    assert there(photos) == {
        "train/cat/1.jpg", "train/bird/deep/2.jpg", "set_aside/train/dog/1.jpg"
    }  # fmt: skip
    assert apply(photos, again) == []


def test_undo_takes_back_one_after_the_other(tmp_path: Path) -> None:
    decisions = Decisions(tmp_path / "review.jsonl")
    for photo, action in [("a", "keep"), ("b", "delete"), ("a", "delete")]:
        decisions.add(photo, action)
    for left in ({"a": "keep", "b": "delete"}, {"a": "keep"}, {}, {}):
        decisions.add("", "undo")
        own = {photo: one["action"] for photo, one in decisions.current().items()}
        assert own == left
        assert Decisions(tmp_path / "review.jsonl").current() == decisions.current()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("no JSON", "line 1 is no decision"),
        ('{"photo": "a", "action": "eat"}', "'eat' is none of"),
        ('{"photo": "a", "action": "relabel"}', "relabel names a label"),
        ('{"action": "keep"}', "no decision"),
        ('{"photo": "../../a/b", "action": "delete"}', "no photo of a class folder"),
        ('{"photo": "/etc/passwd", "action": "delete"}', "no photo of a class folder"),
        ('{"photo": "train/cat/1.jpg", "action": "relabel", "label": "../x"}', "is no class"),
        ('{"photo": "train/cat/1.jpg", "action": "relabel", "label": "a\\u0000"}', "is no class"),
        ("\xff\xd8", "line 1 is no decision"),
    ],
)
def test_a_file_that_somebody_wrote(line: str, words: str, photos: Path) -> None:
    (photos / "review.jsonl").write_text(line + "\n", encoding="latin-1")
    before = there(photos)
    with pytest.raises(DataError, match=words):
        apply(photos, Decisions(photos / "review.jsonl"))
    assert there(photos) == before


def test_a_wrong_decision_holds_up_those_before_it(photos: Path) -> None:
    decisions = Decisions(photos / "review.jsonl")
    decisions.add("train/cat/1.jpg", "delete")
    decisions.add("train/dog/1.jpg", "relabel", "../dog")
    before = there(photos)
    with pytest.raises(DataError, match="is no class"):
        apply(photos, decisions)
    assert there(photos) == before


def test_photos_of_one_name_change_places(photos: Path) -> None:
    """Nothing is overwritten, and what is carried out twice happens once."""
    for kind in ("cat", "dog"):
        (photos / "train" / kind / "1.jpg").write_bytes(kind.encode())
    decisions = Decisions(photos / "review.jsonl")
    decisions.add("train/cat/1.jpg", "relabel", "dog")
    decisions.add("train/dog/1.jpg", "relabel", "cat")
    assert len(apply(photos, decisions)) == 2
    assert (photos / "train/dog/1-2.jpg").read_bytes() == b"cat"
    assert (photos / "train/cat/1-2.jpg").read_bytes() == b"dog"
    decisions.add("train/cat/1-2.jpg", "relabel", "dog")  # into the place of one that left
    assert apply(photos, decisions) == ["moved: train/cat/1-2.jpg to train/dog/1-2-2.jpg"]
    assert apply(photos, decisions) == []


@pytest.mark.parametrize("cut", [1, 12, -2, -1])
def test_a_line_that_was_cut_off_gives_way(cut: int, tmp_path: Path) -> None:
    """The program ended while it wrote: what was confirmed holds, and the next decision as well."""
    file = tmp_path / "review.jsonl"
    first = Decisions(file)
    first.add("a/1", "keep")
    whole = file.read_bytes()
    first.add("a/2", "relabel", "b")
    file.write_bytes(whole + file.read_bytes()[len(whole) :][:cut])
    again = Decisions(file)
    again.add("a/3", "delete")
    held = list(Decisions(file).current())
    assert held in (["a/1", "a/3"], ["a/1", "a/2", "a/3"]), "the second was whole but for its end"
    assert held == list(again.current())
    assert ("a/2" in held) == (cut == -1)


SUSPECTS = [
    Suspect("train/cat/1.jpg", "train", "cat", 3.2, "dog", "train/dog/1.jpg"),
    Suspect("validation/dog/3.jpg", "validation", "dog", 0.1, "dog"),
]


@pytest.fixture
def page(photos: Path) -> Iterator[int]:
    decisions = Decisions(photos / "review.jsonl")
    with server(photos, SUSPECTS, ("cat", "dog"), decisions, 0) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running.server_port
        running.shutdown()
        thread.join()


def ask(
    port: int, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        own = {"Content-Type": "application/json"} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        connection.request(method, path, None if body is None else json.dumps(body), own)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_the_server(page: int, photos: Path) -> None:
    state = json.loads(ask(page, "GET", "/state")[1])
    assert [one["photo"] for one in state["suspects"]] == [one.photo for one in SUSPECTS]
    assert ask(page, "GET", "/photo/0")[1].startswith(b"\xff\xd8\xff")
    for path in ("/photo/2", "/photo/-1", "/photo/x", "/../review.jsonl", "/train/cat/1.jpg"):
        assert ask(page, "GET", path)[0] == 404
    relabel = {"number": 0, "action": "relabel", "label": "dog"}
    status, said = ask(page, "POST", "/decide", relabel)
    assert (status, json.loads(said)) == (
        200, {"decided": {"0": {"action": "relabel", "label": "dog"}}}
    )  # fmt: skip
    for wrong in (
        {"number": 9, "action": "keep"}, {"number": 0, "action": "eat"}, {"number": 0}, [], 3,
        {"number": 0, "action": "relabel", "label": "bird"}, {"number": 0, "action": "relabel"},
    ):  # fmt: skip
        assert ask(page, "POST", "/decide", wrong)[0] == 400, wrong
    assert len((photos / "review.jsonl").read_text().splitlines()) == 1


def test_other_sites_and_names_are_refused(page: int, photos: Path) -> None:
    delete = {"number": 0, "action": "delete"}
    for headers in ({"Host": "evil.example:80"}, {"Origin": "https://evil.example"}):
        assert ask(page, "POST", "/decide", delete, **headers)[0] == 403
        assert ask(page, "GET", "/state", **headers)[0] == 403
    assert ask(page, "POST", "/decide", delete, Content_Type="text/plain")[0] == 400
    assert not (photos / "review.jsonl").exists()


def test_the_page_by_keyboard(page: int, photos: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        try:
            shown = browser.new_page()
            errors: list[str] = []
            shown.on("pageerror", lambda error: errors.append(str(error)))
            shown.goto(f"http://127.0.0.1:{page}/")
            where, why = shown.locator("#where"), shown.locator("#why")
            playwright.expect(where).to_have_text("1 of 2, 0 decided: train/cat/1.jpg")
            playwright.expect(why).to_contain_text("Near-duplicate with another label")
            shown.keyboard.down("2")
            shown.keyboard.down("2")  # held: it repeats
            shown.keyboard.up("2")
            playwright.expect(where).to_have_text("2 of 2, 1 decided: validation/dog/3.jpg")
            for key in ("u", "2", "d"):  # quicker than they are recorded
                shown.keyboard.press(key)
            playwright.expect(where).to_contain_text("2 decided")
            shown.keyboard.press("u")
            playwright.expect(where).to_contain_text("2 of 2, 1 decided")
            shown.keyboard.press("ArrowLeft")
            playwright.expect(why).to_contain_text("Decided: relabel as dog")
            shown.reload()
            playwright.expect(where).to_have_text("2 of 2, 1 decided: validation/dog/3.jpg")
            photo = shown.locator("#photo")
            playwright.expect(photo).to_be_visible()
            shown.route("**/photo/0", lambda route: None)  # it takes its time
            shown.keyboard.press("ArrowLeft")
            playwright.expect(where).to_contain_text("1 of 2")
            playwright.expect(photo).to_be_hidden()
            assert errors == []
        finally:
            browser.close()
    assert list(Decisions(photos / "review.jsonl").current()) == ["train/cat/1.jpg"]
