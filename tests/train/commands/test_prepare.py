"""From downloads to class folders: archives as people have them, and archives made to harm."""

import io
import zipfile
from pathlib import Path

import pytest

from tests.train.conftest import draw
from train.__main__ import main


def jpeg(kind: str, seed: int, size: tuple[int, int] = (96, 80), quality: int = 90) -> bytes:
    out = io.BytesIO()
    draw(kind, seed).resize(size).save(out, "JPEG", quality=quality)
    return out.getvalue()


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as out:
        for name, content in files.items():
            out.writestr(name, content)
    return path


def kaggle(photos: int) -> dict[str, bytes]:
    return {
        f"train/{animal}.{i}.jpg": jpeg(kind, i)
        for animal, kind in (("cat", "circles"), ("dog", "stripes"))
        for i in range(photos)
    }


def there(data: Path) -> dict[str, set[str]]:
    return {
        f"{part}/{folder.name}": {file.name for file in folder.iterdir()}
        for part in ("train", "validation")
        for folder in (data / part).iterdir()
    }


def test_kaggle_by_index(tmp_path: Path) -> None:
    source = archive(tmp_path / "train.zip", kaggle(9))
    data = tmp_path / "DATA"
    assert main(["prepare", str(source), str(data), "--by-index", "5", "2"]) == 0
    assert there(data) == {
        "train/cat": {f"cat.{i}.jpg" for i in range(5)},
        "train/dog": {f"dog.{i}.jpg" for i in range(5)},
        "validation/cat": {"cat.5.jpg", "cat.6.jpg"},
        "validation/dog": {"dog.5.jpg", "dog.6.jpg"},
    }


def test_petimages_with_its_broken_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        f"PetImages/{animal}/{i}.jpg": jpeg(kind, i)
        for animal, kind in (("Cat", "circles"), ("Dog", "stripes"))
        for i in range(10)
    }
    files |= {"PetImages/Cat/666.jpg": b"", "PetImages/Dog/Thumbs.db": b"x", "readme[1].txt": b"x"}
    files["PetImages/Dog/11702.jpg"] = jpeg("stripes", 3)[:300]
    data = tmp_path / "DATA"
    source = archive(tmp_path / "kagglecatsanddogs_5340.zip", files)
    assert main(["prepare", str(source), str(data), "--validation", "0.3"]) == 0
    counts = {name: len(files) for name, files in there(data).items()}
    assert counts == {
        "train/Cat": 7, "train/Dog": 7, "validation/Cat": 3, "validation/Dog": 3,
    }  # fmt: skip
    said = capsys.readouterr().err
    assert "Cat/666.jpg" in said
    assert "Dog/11702.jpg" in said
    assert "Thumbs.db" not in said


def test_class_folders_and_the_seed(data: Path, tmp_path: Path) -> None:
    splits = []
    for seed in ("1", "1", "2"):
        out = tmp_path / str(len(splits))
        assert main(["prepare", str(data / "train"), str(out), "--seed", seed]) == 0
        splits.append(there(out))
    assert splits[0] == splits[1] != splits[2]
    assert set(splits[0]) == {
        f"{part}/{kind}" for part in ("train", "validation")
        for kind in ("circles", "squares", "stripes")
    }  # fmt: skip
    for kind in ("circles", "squares", "stripes"):
        assert not splits[0][f"train/{kind}"] & splits[0][f"validation/{kind}"]
        assert len(splits[0][f"validation/{kind}"]) == 3


def test_near_duplicates_stay_on_one_side(tmp_path: Path) -> None:
    source = tmp_path / "photos"
    for kind in ("circles", "stripes"):
        (source / kind).mkdir(parents=True)
        for i in range(8):
            for copy, (size, quality) in enumerate([((96, 80), 95), ((144, 120), 60)]):
                (source / kind / f"{i}-{copy}.jpg").write_bytes(jpeg(kind, i, size, quality))
    assert main(["prepare", str(source), str(tmp_path / "DATA"), "--validation", "0.5"]) == 0
    for name, files in there(tmp_path / "DATA").items():
        originals = [file.split("-")[0] for file in files]
        assert all(originals.count(i) == 2 for i in originals), (name, files)


def test_names_that_climb_out_write_nothing_outside(tmp_path: Path) -> None:
    files = kaggle(5) | {
        "../../evil/cat/1.jpg": jpeg("circles", 77),
        "/tmp/evil/cat.2.jpg": jpeg("circles", 78),
        "train/..\\..\\cat\\3.jpg": jpeg("circles", 79),
    }
    inner = tmp_path / "inner"
    inner.mkdir()
    source = archive(tmp_path / "evil.zip", files)
    before = set(tmp_path.rglob("*"))
    assert main(["prepare", str(source), str(inner / "DATA")]) == 0
    new = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert len(new) == 10
    assert all(path.is_relative_to(inner / "DATA") for path in new)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "at least two classes: none"),
        ({"train/cat.0.jpg": b"x"}, "at least two classes: only cat"),
        ({"train/cat.0.jpg": b"x", "train/dog.0.jpg": b"y"}, "None of the 2 files"),
    ],
)
def test_refused(
    files: dict[str, bytes], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = archive(tmp_path / "a.zip", files)
    assert main(["prepare", str(source), str(tmp_path / "DATA")]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "DATA").exists()


def test_nothing_is_overwritten_and_data_path_is_honoured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_PATH", str(tmp_path / "DATA"))
    source = str(archive(tmp_path / "train.zip", kaggle(5)))
    assert main(["prepare", source]) == 0
    before = there(tmp_path / "DATA")
    assert main(["prepare", source, "--seed", "9"]) == 2
    assert "nothing is overwritten" in capsys.readouterr().err
    assert there(tmp_path / "DATA") == before
