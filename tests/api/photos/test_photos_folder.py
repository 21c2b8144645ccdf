"""The photo folder: subjects, what is left alone, and the samples of the page."""

import json
import os
from pathlib import Path

import pytest
from flask import Flask

from api import errors
from api.photos.folder import Folder
from api.routes.samples import Sample, Samples
from common.errors import PhotoSourceUnavailable
from support.photo_servers import picture


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Cats, a dog, a sea lion, photos of none of them, and things that are no photos."""
    root = tmp_path / "photos"
    cats = ("Cats/one.jpg", "Cats/two_three.JPG")
    for name in (*cats, "dog/x.png", "deep/sea lions/y.webp", "Other/z.jpg"):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture(format={"png": "PNG", "webp": "WEBP"}.get(name[-3:], "JPEG")))
    (root / "webp").mkdir()
    (root / "top.jpg").write_bytes(picture("teal"))
    (root / "readme.txt").write_text("no photo")
    (root / ".hidden.jpg").write_bytes(picture())
    (root / ".thumbs").mkdir()
    (root / ".thumbs" / "cat.jpg").write_bytes(picture())
    return root


@pytest.mark.parametrize(
    ("subject", "titles"),
    [
        ("cat", {"one", "two three"}),
        ("Cats", {"one", "two three"}),
        ("dog", {"x"}),
        ("sea_lion", {"y"}),
        ("neither", {"z"}),
        ("any", {"one", "two three", "x", "y", "z", "top"}),
    ],
)
def test_subfolders_are_subjects(root: Path, subject: str, titles: set[str]) -> None:
    folder = Folder(root)
    drawn = [folder.photo(subject, "", no_fetch)[0] for _ in range(100)]
    assert {photo.title for photo in drawn} == titles
    assert {photo.subject for photo in drawn} == {subject}
    assert not any(str(root) in str(photo) for photo in drawn)


@pytest.mark.parametrize("subject", ["fox", "..", "/", "../photos", "", "."])
def test_a_subject_without_a_subfolder(root: Path, subject: str) -> None:
    with pytest.raises(PhotoSourceUnavailable):
        Folder(root).photo(subject, "", no_fetch)


def no_fetch(url: str) -> bytes:
    raise AssertionError("a folder fetches nothing")


def test_links_out_of_the_folder_are_not_followed(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "private.jpg").write_bytes(picture("red"))
    (root / "linked").symlink_to(outside)
    (root / "cats").mkdir()
    (root / "cats" / "private.jpg").symlink_to(outside / "private.jpg")
    (root / "cats" / "again.jpg").symlink_to(root / "top.jpg")  # within: welcome
    titles = {path.stem for path in Folder(root).files().values()}
    assert "again" in titles
    assert "private" not in titles


def test_a_photo_that_becomes_a_link_later(root: Path, tmp_path: Path) -> None:
    folder = Folder(root)
    key = next(key for key, path in folder.files().items() if path.name == "top.jpg")
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(picture("red"))
    (root / "top.jpg").unlink()
    (root / "top.jpg").symlink_to(secret)
    with pytest.raises(LookupError):
        folder.load(key)


def test_broken_photos_are_passed_over(root: Path) -> None:
    (root / "dog" / "broken.jpg").write_bytes(picture()[:300])
    (root / "dog" / "pipe.jpg").write_bytes(b"")
    folder = Folder(root)
    assert {folder.photo("dog", "", no_fetch)[0].title for _ in range(20)} == {"x"}


def test_a_pipe_is_no_photo(root: Path) -> None:
    os.mkfifo(root / "dog" / "pipe.jpg")
    assert "pipe" not in {path.stem for path in Folder(root).files().values()}


NAMES = {
    b"Kat\xfcr.jpg": r"Kat\xfcr",  # Latin-1
    "猫.jpg".encode("shift_jis"): r"\x94L",
    "k\u00f6tter 猫 \U0001f408.jpg".encode(): "k\u00f6tter 猫 \U0001f408",
    b"\xed\xa0\xbd.jpg": r"\xed\xa0\xbd",  # half a character, as Windows may write it
    b"a\nb\x1b[31m.jpg": r"a\nb\x1b[31m",
    "gpj.\u202etac.jpg".encode(): r"gpj \u202etac",
    b"___.jpg": "Untitled",
    b"%00%2e%2e.jpg": "%00%2e%2e",
    b"<b>.jfif": "<b>",
    b"x" * 251 + b".jpg": "x" * 251,
    b"no suffix": "no suffix",
}


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_a_photo_may_have_any_name(tmp_path: Path, name: bytes) -> None:
    (tmp_path / "cat\udcfc").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/cat\xfc/" + name)).write_bytes(picture())
    folder = Folder(tmp_path)
    photo, _ = folder.photo("any", "", no_fetch)
    assert photo.title == NAMES[name]
    answer = samples_client(folder).get("/api/v1/samples")
    (sample,) = json.loads(answer.data.decode())["samples"]
    assert sample["title"].encode() == NAMES[name].encode()
    assert samples_client(folder).get(sample["image"]).content_type == "image/jpeg"


def test_what_cannot_be_shown_is_not_drawn(tmp_path: Path) -> None:
    for name in ("a.cr2", "b.heic", "c.tiff", "d.bmp"):
        (tmp_path / name).write_bytes(b"II*\0" + bytes(100))
    assert Folder(tmp_path).files() == {}


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(PhotoSourceUnavailable, match="holds no photos"):
        Folder(tmp_path).photo("any", "", no_fetch)
    assert Folder(tmp_path).samples(6) == []


def samples_client(folder: Folder | None):  # type: ignore[no-untyped-def]
    app = Flask("samples")
    errors.register(app)
    app.add_url_rule("/api/v1/samples", view_func=Samples.as_view("samples", folder=folder))
    app.add_url_rule("/api/v1/samples/<key>", view_func=Sample.as_view("sample", folder=folder))
    return app.test_client()


def test_samples(root: Path) -> None:
    client = samples_client(Folder(root))
    found = client.get("/api/v1/samples").json["samples"]
    assert found == client.get("/api/v1/samples").json["samples"], "the same at every visit"
    assert {sample["title"] for sample in found} == {"one", "two three", "x", "y", "z", "top"}
    for sample in found:
        for size, side in (("small", 200), ("large", 640)):
            reply = client.get(sample["image"], query_string={"size": size})
            assert reply.content_type == "image/jpeg"
            assert reply.data[:2] == b"\xff\xd8"
            assert max(_size(reply.data)) <= side
    assert client.get("/api/v1/samples/0000000000000000").status_code == 404
    assert client.get("/api/v1/samples/..%2ftop.jpg").status_code == 404


def test_no_folder_no_samples() -> None:
    client = samples_client(None)
    assert client.get("/api/v1/samples").json == {"samples": []}
    assert client.get("/api/v1/samples/x").status_code == 404


def _size(data: bytes) -> tuple[int, int]:
    from io import BytesIO

    from PIL import Image

    return Image.open(BytesIO(data)).size
