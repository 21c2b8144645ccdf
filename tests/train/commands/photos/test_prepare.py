"""From downloads to class folders: archives as people have them, and archives made to harm."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from PIL import Image

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


def test_kaggle_by_index(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = archive(tmp_path / "train.zip", kaggle(9))
    data = tmp_path / "DATA"
    assert main(["prepare", str(source), str(data), "--by-index", "5", "2"]) == 0
    assert there(data) == {
        "train/cat": {f"cat.{i}.jpg" for i in range(5)},
        "train/dog": {f"dog.{i}.jpg" for i in range(5)},
        "validation/cat": {"cat.5.jpg", "cat.6.jpg"},
        "validation/dog": {"dog.5.jpg", "dog.6.jpg"},
    }
    assert "passed over: 4 (its number was not asked for)" in capsys.readouterr().err


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
    assert "hidden, or of an operating system or program): PetImages/Dog/Thumbs.db" in said
    assert "no photo): readme[1].txt" in said


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


def shapes(count: int, kind: str, folder: str) -> dict[str, bytes]:
    return {f"{folder}/{i}.jpg": jpeg(kind, i) for i in range(count)}


def product_photo(seed: int) -> bytes:
    """Something of its own colours in the middle of plain white."""
    image = Image.new("RGB", (200, 200), "white")
    image.paste(draw(("circles", "squares", "stripes")[seed % 3], seed, (96, 96)), (52, 52))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def counts(data: Path) -> dict[str, int]:
    return {name: len(files) for name, files in there(data).items()}


@pytest.mark.parametrize(
    ("files", "classes"),
    [
        (shapes(3, "circles", "cat/2019") | shapes(3, "squares", "cat/2020")
         | shapes(3, "stripes", "dog/2019") | shapes(3, "squares", "dog/x/2020"), {"cat", "dog"}),
        (shapes(6, "circles", "car") | shapes(6, "stripes", "train"), {"car", "train"}),
        (shapes(6, "circles", "cat") | shapes(6, "stripes", "dog")
         | shapes(6, "squares", "cat/.ipynb_checkpoints"), {"cat", "dog"}),
    ],
)  # fmt: skip
def test_the_classes_are_those_that_were_meant(
    files: dict[str, bytes], classes: set[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "DATA"
    assert main(["prepare", str(archive(tmp_path / "a.zip", files)), str(data)]) == 0
    assert set(counts(data)) == {f"{p}/{c}" for p in ("train", "validation") for c in classes}
    capsys.readouterr()
    assert main(["inspect", str(data), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["counts"]
    assert {f"{p}/{c}": n for p, own in found.items() for c, n in own.items()} == counts(data)


def test_photos_on_white_are_not_duplicates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {f"{('mug', 'pen')[i % 2]}/{i}.jpg": product_photo(i) for i in range(20)}
    source, data = archive(tmp_path / "a.zip", files), tmp_path / "DATA"
    assert main(["prepare", str(source), str(data)]) == 0
    assert "near-duplicate" not in capsys.readouterr().out
    assert counts(data) == {
        "train/mug": 8, "train/pen": 8, "validation/mug": 2, "validation/pen": 2,
    }  # fmt: skip


def test_two_parts_to_measure_with_become_one_and_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        f"{split}/{label}/{i}.jpg": jpeg(kind, i)
        for split, numbers in (("train", range(4)), ("val", range(4, 6)), ("test", range(6, 8)))
        for label, kind in (("cats", "circles"), ("dogs", "stripes"))
        for i in numbers
    }
    data = tmp_path / "DATA"
    assert main(["prepare", str(archive(tmp_path / "a.zip", files)), str(data)]) == 0
    assert counts(data)["validation/cats"] == 4
    assert "validation holds what the source calls test and val" in capsys.readouterr().out


def test_the_sources_own_split_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {
        f"data/{split}/{label}/{i}.jpg": jpeg(kind, i)
        for split, numbers in (("training_set", range(6)), ("test_set", range(5, 8)))
        for label, kind in (("cats", "circles"), ("dogs", "stripes"))
        for i in numbers  # number 5 is on both sides
    }
    source, data = str(archive(tmp_path / "a.zip", files)), tmp_path / "DATA"
    assert main(["prepare", source, str(data)]) == 0
    said = capsys.readouterr()
    assert "the split is the source's own" in said.out
    assert "2 (repeats a photo of the other side): data/test_set/cats/5.jpg" in said.err
    assert there(data) == {
        f"{part}/{label}": {f"{i}.jpg" for i in numbers}
        for part, numbers in (("train", range(6)), ("validation", range(6, 8)))
        for label in ("cats", "dogs")
    }
    other = tmp_path / "OTHER"
    assert main(["prepare", source, str(other), "--validation", "0.5"]) == 0
    assert sum(counts(other).values()) == 18, "a copy lies beside its original"
    assert "the source's own" not in capsys.readouterr().out


def test_links_are_followed(tmp_path: Path) -> None:
    for label, kind in (("cat", "circles"), ("dog", "stripes")):
        (tmp_path / "store" / label).mkdir(parents=True)
        for i in range(5):
            (tmp_path / "store" / label / f"{i}.jpg").write_bytes(jpeg(kind, i))
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat").symlink_to(tmp_path / "store" / "cat")
    (tmp_path / "photos" / "dog").symlink_to(tmp_path / "store" / "dog")
    assert main(["prepare", str(tmp_path / "photos"), str(tmp_path / "DATA")]) == 0
    assert sum(counts(tmp_path / "DATA").values()) == 10


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (shapes(8, "circles", "cat") | shapes(1, "stripes", "dog"), "dog cannot be split: it has"),
        (shapes(8, "circles", "cat") | {f"dog/{i}.jpg": jpeg("stripes", 1, quality=60 + 5 * i)
                                        for i in range(5)}, "its 5 photos are near-duplicates"),
        (shapes(8, "circles", "cat") | {"dog/1.jpg": b"x", "dog/2.jpg": b""},
         "None of the 2 photos of dog can be read"),
        (shapes(8, "circles", "cat") | shapes(8, "stripes", "Cat"), "one folder on many systems"),
        (shapes(4, "circles", "train/cat") | shapes(4, "stripes", "train/dog")
         | shapes(4, "squares", "test/cat") | {"test/dog/1.jpg": jpeg("stripes", 2)},
         "of its 5 photos none would be left in validation"),
        ({f"cat/{i}.CR2": b"II*\0 x" for i in range(3)} | {"dog/1.CR2": b"II*\0"},
         "None of the 4 files"),
        ({"cat/a.pdf": b"%PDF", "dog/b.mp4": b"x"}, "at least two classes: none"),
    ],
)  # fmt: skip
def test_what_cannot_be_split(
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
