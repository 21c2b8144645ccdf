"""Which files and folders of a tree of photos count, and how the rest is told."""

import io
import os
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from common.file_names import portable, printable
from common.photo_files import (
    Reason,
    find_photos,
    has_photo_suffix,
    is_photo,
    is_system_name,
    subfolders,
    told,
)


def picture(kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, kind)
    return out.getvalue()


def names(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in find_photos(folder).photos]


@pytest.mark.parametrize(
    "name",
    [
        ".ipynb_checkpoints", ".picasaoriginals", ".thumbnails", ".git", ".DS_Store", "._photo.jpg",
        ".Trashes", ".Trash-1000", ".Spotlight-V100", ".fseventsd", ".TemporaryItems", ".nomedia",
        ".directory", ".AppleDouble", ".@__thumb", ".stversions", "__MACOSX", "Icon\r",
        "Network Trash Folder", "Temporary Items", "Thumbs.db", "THUMBS.DB", "ehthumbs.db",
        "desktop.ini", "Desktop.ini", "$RECYCLE.BIN", "$Recycle.Bin", "RECYCLER", "RECYCLED",
        "System Volume Information", "$Extend", "lost+found", "LOST.DIR", "@eaDir", "@Recycle",
        "@Recently-Snapshot", "@tmp", "#recycle", "#snapshot", "SYNOFILE_THUMB_M.jpg", "Picasa.ini",
        "ZbThumbnail.info", "~$list.docx", "a.jpg:Zone.Identifier", "__pycache__",
    ],
)  # fmt: skip
def test_names_of_systems(name: str, tmp_path: Path) -> None:
    assert is_system_name(name)
    (tmp_path / name).mkdir()
    (tmp_path / name / "a.jpg").write_bytes(picture())
    found = find_photos(tmp_path)
    assert found.photos == []
    assert [(one.path, one.reason) for one in found.passed_over] == [(name, Reason.SYSTEM)]
    assert subfolders(tmp_path) == []


@pytest.mark.parametrize(
    "name", ["cat", "$5 bill", "_cats", "12:30:15.jpg", "thumbs", "#1 dog", "@home", "a..b", "~cat"]
)
def test_names_of_people(name: str) -> None:
    assert not is_system_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "a.jpg", "a.JPG", "a.Jpeg", "a.jpe", "a.jfif", "a.jif", "a.jpg_large", "a.jpg-large",
        "a.pjpeg", "a.png", "a.webp", "a.gif", "a.avif", "a.HEIC", "a.heif", "a.HIF", "a.mpo",
        "a.bmp", "a.tif", "a.TIFF", "a.jxl", "a.jp2", "a.CR2", "a.cr3", "a.NEF", "a.arw", "a.dng",
        "a.orf", "a.rw2", "a.raf",
    ],
)  # fmt: skip
def test_a_photos_suffix_is_enough(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"damaged")
    assert has_photo_suffix(name)
    assert names(tmp_path) == [name], "that it cannot be read is told later"


@pytest.mark.parametrize(
    ("name", "content", "counts"),
    [
        ("IMG_0001", picture(), True),
        ("photo.jpg~", picture(), True),
        ("photo.jpg.1", picture(), True),
        ("photo.jpg?w=300", picture("PNG"), True),
        ("a.php", picture("WEBP"), True),
        ("photo", picture("GIF"), True),
        ("photo", picture("BMP"), True),
        ("photo", picture("TIFF"), True),
        ("photo", picture("AVIF"), True),
        ("README", b"Photos of cats", False),
        ("a.txt", b"", False),
        ("a.json", b"{}", False),
        ("a.mp4", b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", False),
        ("a.xmp", b"<?xpacket begin", False),
        ("a.zip", b"PK\3\4", False),
        ("a.pdf", b"%PDF-1.7", False),
    ],
)
def test_other_files_are_judged_by_their_content(
    name: str, content: bytes, counts: bool, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    found = find_photos(tmp_path)
    assert is_photo(content[:32]) is counts
    assert names(tmp_path) == ([name] if counts else [])
    assert [one.reason for one in found.passed_over] == ([] if counts else [Reason.NO_PHOTO])


def test_every_level_in_an_order_that_is_always_the_same(tmp_path: Path) -> None:
    for name in ("b/2.jpg", "a/deep/er/3.jpg", "a/1.jpg", "z.jpg", "c/.hidden/4.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(picture())
    assert names(tmp_path) == ["z.jpg", "a/1.jpg", "a/deep/er/3.jpg", "b/2.jpg"]


def test_links_are_followed_and_circles_end(tmp_path: Path) -> None:
    store, photos = tmp_path / "store", tmp_path / "photos"
    (store / "cat").mkdir(parents=True)
    (store / "cat" / "1.jpg").write_bytes(picture())
    (store / "cat" / "again").symlink_to(store)  # a circle, two links long
    photos.mkdir()
    (photos / "cat").symlink_to(store / "cat")
    (photos / "kitten").symlink_to(store / "cat")
    (photos / "one.jpg").symlink_to(store / "cat" / "1.jpg")
    (photos / "self").symlink_to(photos)
    (photos / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (photos / "loop").symlink_to(photos / "loop")
    found = find_photos(photos)
    assert names(photos) == ["one.jpg", "cat/1.jpg", "kitten/1.jpg"]
    assert {(one.path, one.reason) for one in found.passed_over} == {
        ("cat/again/cat", Reason.LINK), ("kitten/again/cat", Reason.LINK), ("self", Reason.LINK),
        ("gone.jpg", Reason.LINK), ("loop", Reason.LINK),
    }  # fmt: skip
    assert [path.name for path in subfolders(photos)] == ["cat", "kitten", "self"]


def test_links_that_lead_out_can_be_passed_over(tmp_path: Path) -> None:
    (tmp_path / "in" / "a").mkdir(parents=True)
    (tmp_path / "secret.jpg").write_bytes(picture())
    (tmp_path / "in" / "a" / "1.jpg").write_bytes(picture())
    (tmp_path / "in" / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    (tmp_path / "in" / "up").symlink_to(tmp_path)
    (tmp_path / "in" / "b").symlink_to(tmp_path / "in" / "a")
    found = find_photos(tmp_path / "in", inside=True)
    assert [path.name for path in found.photos] == ["1.jpg", "1.jpg"]
    assert {(one.path, one.reason) for one in found.passed_over} == {
        ("out.jpg", Reason.OUTSIDE), ("up", Reason.OUTSIDE),
    }  # fmt: skip


def test_what_is_no_file_and_what_is_locked(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert [one.reason for one in find_photos(tmp_path).passed_over] == [Reason.SPECIAL]
    assert [one.reason for one in find_photos(tmp_path / "gone").passed_over] == [Reason.LOCKED]


def test_folders_nested_deeper_than_python_recurses(tmp_path: Path) -> None:
    before = Path.cwd()
    top = tmp_path / "d"
    try:
        os.chdir(tmp_path)
        for _ in range(1100):
            os.mkdir("d")
            os.chdir("d")
        Path("1.jpg").write_bytes(picture())
        os.chdir(before)
        (photo,) = find_photos(tmp_path).photos
        assert len(os.fsencode(photo)) > 2200
    finally:
        os.chdir(before)
        subprocess.run(["rm", "-rf", top], check=True)  # shutil.rmtree recurses, too


@pytest.mark.parametrize(
    ("name", "as_data", "on_a_line"),
    [
        (os.fsdecode(b"Kat\xfcr.jpg"), "Kat\\xfcr.jpg", "Kat\\xfcr.jpg"),
        ("\ud83d.jpg", "\\ud83d.jpg", "\\ud83d.jpg"),
        ("two\nlines\t.jpg", "two\nlines\t.jpg", "two\\nlines\\t.jpg"),
        ("\x1b[31mred.jpg", "\x1b[31mred.jpg", "\\x1b[31mred.jpg"),
        ("a\u202egpj.exe", "a\u202egpj.exe", "a\\u202egpj.exe"),
        ("a\u2028b", "a\u2028b", "a\\u2028b"),
        ("Kätzchen 🐈 猫.jpg", "Kätzchen 🐈 猫.jpg", "Kätzchen 🐈 猫.jpg"),
        ("👨\u200d👩.jpg", "👨\u200d👩.jpg", "👨\u200d👩.jpg"),
    ],
)
def test_names_as_text(name: str, as_data: str, on_a_line: str) -> None:
    assert portable(name) == as_data
    assert printable(name) == on_a_line
    printable(name).encode("utf-8")


@pytest.mark.parametrize("name", [b"Kat\xfcr.jpg", b"\xff\xfe.jpg", b"a\nb.jpg", b"%s.jpg"])
def test_any_name_is_found_and_told(name: bytes, tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(name)).write_bytes(picture())
    (tmp_path / os.fsdecode(b"." + name)).write_bytes(picture())
    found = find_photos(tmp_path)
    assert [os.fsencode(path.name) for path in found.photos] == [name]
    (line,) = told(found.passed_over)
    assert line.startswith("passed over: 1 (hidden, or of an operating system or program): .")
    line.encode("utf-8")
    assert "\n" not in line


def test_what_was_passed_over_is_counted_by_reason(tmp_path: Path) -> None:
    for i in range(7):
        (tmp_path / f"{i}.txt").write_bytes(b"x")
    (tmp_path / ".git").mkdir()
    assert list(told(find_photos(tmp_path).passed_over)) == [
        "passed over: 7 (no photo): 0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 2 more",
        "passed over: 1 (hidden, or of an operating system or program): .git",
    ]
