"""Zip files as every system writes them, and as somebody writes them who means harm."""

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from common.errors import DataError
from common.photo_files import Reason
from train.photos.sources import MAX_FILE, open_source


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "JPEG")
    return out.getvalue()


PICTURE = picture()


def zipped(path: Path | io.BytesIO, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members:
            out.writestr(name, content)
    return path if isinstance(path, Path) else Path()


def inner(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    zipped(out, *members)
    return out.getvalue()


def renamed(path: Path, old: bytes, new: bytes) -> Path:
    """Put other bytes of the same length in place of a name, which zipfile would not write."""
    assert len(old) == len(new)
    path.write_bytes(path.read_bytes().replace(old, new))
    return path


def listed(source: Path) -> tuple[list[str], dict[str, Reason]]:
    with open_source(source) as found:
        for file in found.files:
            assert file.read() == PICTURE
        return [f.path for f in found.files], {o.path: o.reason for o in found.passed_over}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("cat/1.jpg", "cat/1.jpg"),
        ("./cat//1.jpg", "cat/1.jpg"),
        ("Kätzchen/Übung 🐈.jpg", "Kätzchen/Übung 🐈.jpg"),
        ("cat/a:b?.jpg", "cat/a:b?.jpg"),
        ("cat/line\nend.jpg", "cat/line\nend.jpg"),
        ("cat/con", "cat/con"),
    ],
)
def test_names(written: str, read: str, tmp_path: Path) -> None:
    assert listed(zipped(tmp_path / "a.zip", (written, PICTURE)))[0] == [read]


@pytest.mark.parametrize(
    ("placeholder", "raw", "read"),
    [
        (b"cat/1.jpg", b"cat\\1.jpg", "cat/1.jpg"),  # Windows: .NET, old archivers
        (b"K__tzchen/1.jpg", "Kätzchen/1.jpg".encode(), "Kätzchen/1.jpg"),  # macOS, not marked
        (b"K_tzchen/1.jpg", "Kätzchen/1.jpg".encode("cp437"), "Kätzchen/1.jpg"),  # DOS
        (b"K_r/1.jpg", b"K\xfcr/1.jpg", "Kⁿr/1.jpg"),  # Latin-1, which nothing tells
    ],
)
def test_names_that_are_not_marked(placeholder: bytes, raw: bytes, read: str, tmp_path: Path):
    path = zipped(tmp_path / "a.zip", (placeholder.decode(), PICTURE))
    assert listed(renamed(path, placeholder, raw))[0] == [read]


@pytest.mark.parametrize(
    "name",
    [
        "../cat/1.jpg", "cat/../../1.jpg", "/etc/1.jpg", "C:/cat/1.jpg", "C:\\cat\\1.jpg",
        "..\\cat\\1.jpg", "\\\\server\\share\\1.jpg", "cat\\..\\..\\1.jpg",
    ],
)  # fmt: skip
def test_names_that_climb_out(name: str, tmp_path: Path) -> None:
    files, passed_over = listed(zipped(tmp_path / "a.zip", (name, PICTURE)))
    assert files == []
    assert list(passed_over.values()) == [Reason.UNSAFE]


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("cat/link.jpg")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


def test_what_does_not_count(tmp_path: Path) -> None:
    source = zipped(
        tmp_path / "a.zip",
        ("cat/1.jpg", PICTURE),
        ("cat/noname", PICTURE),
        ("cat/.ipynb_checkpoints/1-checkpoint.jpg", PICTURE),
        ("cat/.ipynb_checkpoints/2-checkpoint.jpg", PICTURE),
        ("__MACOSX/cat/._1.jpg", PICTURE),
        ("cat/Thumbs.db", b"x"),
        ("cat/notes.txt", b"cats"),
        ("cat/empty", b""),
        (link(), b"/etc/passwd"),
        ("cat/huge.jpg", b"\0" * (MAX_FILE + 1)),
        ("cat/more.zip", inner(("2.jpg", PICTURE))),
    )
    files, passed_over = listed(source)
    assert files == ["cat/1.jpg", "cat/noname"]
    assert passed_over == {
        "cat/.ipynb_checkpoints": Reason.SYSTEM, "__MACOSX": Reason.SYSTEM,
        "cat/Thumbs.db": Reason.SYSTEM, "cat/notes.txt": Reason.NO_PHOTO,
        "cat/empty": Reason.NO_PHOTO, "cat/link.jpg": Reason.SPECIAL, "cat/huge.jpg": Reason.HUGE,
        "cat/more.zip": Reason.ARCHIVE,
    }  # fmt: skip


def test_encrypted_members_are_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("cat/1.jpg", PICTURE))
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"PK\3\4") + 6] |= 1
    raw[raw.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(raw)
    assert listed(path) == ([], {"cat/1.jpg": Reason.ENCRYPTED})


def test_archives_in_an_archive_without_photos_are_opened(tmp_path: Path) -> None:
    source = zipped(
        tmp_path / "dogs-vs-cats.zip",
        ("sampleSubmission.csv", b"id,label"),
        ("train.zip", inner(("train/cat.0.jpg", PICTURE), ("train/dog.0.jpg", PICTURE))),
        ("test1.zip", inner(("test1/1.jpg", PICTURE), ("deeper.zip", inner(("a.jpg", PICTURE))))),
    )
    files, passed_over = listed(source)
    assert files == ["test1/test1/1.jpg", "train/train/cat.0.jpg", "train/train/dog.0.jpg"]
    assert passed_over == {
        "sampleSubmission.csv": Reason.NO_PHOTO, "test1/deeper.zip": Reason.ARCHIVE
    }  # fmt: skip


def test_archives_in_a_folder_likewise(tmp_path: Path) -> None:
    for name in ("cats", "dogs"):
        zipped(tmp_path / f"{name}.zip", ("1.jpg", PICTURE))
    assert listed(tmp_path) == (["cats/1.jpg", "dogs/1.jpg"], {})


@pytest.mark.parametrize("content", [b"", b"Rar!\x1a\x07\x00", b"7z\xbc\xaf'\x1c", b"PK\3\4 cut"])
def test_no_archive(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with (
        pytest.raises(DataError, match="no folder and no zip file"),
        open_source(tmp_path / "a.zip"),
    ):
        pass
    with pytest.raises(DataError, match="There is no"), open_source(tmp_path / "gone.zip"):
        pass


def test_a_folder_with_links_and_any_names(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / os.fsdecode(b"Kat\xfcr.jpg")).write_bytes(PICTURE)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat").symlink_to(tmp_path / "store")
    assert listed(tmp_path / "photos") == ([os.fsdecode(b"cat/Kat\xfcr.jpg")], {})
