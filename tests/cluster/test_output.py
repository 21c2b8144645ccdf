"""What the bulk job takes as its input, and what it writes down; without a cluster."""

import os
from collections.abc import Callable
from pathlib import Path

import fsspec
import pandas as pd
import pytest

from cluster.connection import ClusterError, connected
from cluster.listing import inputs
from cluster.output import MANIFEST, ModelStamp, Output

MODEL = ModelStamp("cat_dog", "1", "a" * 64)
NAMES = ["a.jpg", "b/c.PNG", "b/d/e.webp", "z.jpeg"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in [*NAMES, "notes.txt", ".hidden.jpg", "b/.thumbnails/f.jpg"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def test_a_folder_is_read_to_its_depth_in_order(folder: Path) -> None:
    assert list(inputs(str(folder))) == [str(folder / name) for name in NAMES]


def test_a_relative_folder_is_the_same_input(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert list(inputs(folder.name)) == list(inputs(str(folder)))


def test_a_glob_is_taken_at_its_word(folder: Path) -> None:
    assert list(inputs(f"{folder}/*.txt")) == [str(folder / "notes.txt")]
    assert list(inputs(f"{folder}/**/*.webp")) == [str(folder / "b/d/e.webp")]


@pytest.mark.parametrize("column", ["path", "url"])
def test_lists(tmp_path: Path, column: str) -> None:
    wanted = ["https://example.org/1.jpg", "s3://bucket/2.jpg", '3, and "more".jpg']
    table = pd.DataFrame({"number": [1, 2, 3], column: wanted})
    table.to_csv(tmp_path / "list.csv", index=False)
    table.to_parquet(tmp_path / "list.parquet")
    for name in ("list.csv", "list.parquet"):
        assert list(inputs(str(tmp_path / name))) == wanted


def test_another_store_is_named_in_each_path() -> None:
    store = fsspec.filesystem("memory")
    for name in ("/photos/1.jpg", "/photos/below/2.jpg"):
        store.pipe_file(name, b"")
    assert list(inputs("memory://photos")) == [
        "memory:///photos/1.jpg",
        "memory:///photos/below/2.jpg",
    ]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing", None, "no such folder or file"),
        ("photo.jpg", "", "not a folder, a glob"),
        ("list.csv", "file\n1.jpg\n", "no column `path` or `url`"),
        ("list.csv", "path,other\n,x\n", "must hold text in every row"),
        ("list.csv", "", "no column"),
        ("list.csv", b"path\n\xff\xfe\n", "cannot be read"),
        ("list.parquet", "no parquet", "cannot be read"),
        ("*.nothing", None, "nothing fits"),
    ],
)
def test_what_is_no_input(
    tmp_path: Path, name: str, content: str | bytes | None, words: str
) -> None:
    if content is not None:
        data = content.encode() if isinstance(content, str) else content
        (tmp_path / name).write_bytes(data)
    with pytest.raises(ClusterError, match=words):
        list(inputs(str(tmp_path / name)))


@pytest.fixture(params=["local", "memory"])
def output(request: pytest.FixtureRequest, tmp_path: Path) -> Output:
    return Output(str(tmp_path / "out") if request.param == "local" else f"memory:/{tmp_path}/out")


def test_shards_hold_every_input_once(output: Output) -> None:
    paths = [f"{number}.jpg" for number in range(25)]
    manifest = output.plan(paths, 10, MODEL)
    assert (manifest.rows, manifest.shards) == (25, 3)
    assert [path for _, shard in output.shards([0, 1, 2]) for path in shard] == paths
    assert list(output.shards([2])) == [(2, paths[20:])]
    assert output.done() == set()
    output.write(1, b"rows")
    assert output.done() == {1}
    # The size of the shards is that of the first time; all else must be as it was.
    assert Output(output.folder).plan(paths, 99, MODEL) == manifest
    for others, model, words in [
        (paths[1:], MODEL, r"other inputs \(25 then, 24 now\)"),
        (paths[::-1], MODEL, r"other inputs \(25 then, 25 now\)"),
        (paths, ModelStamp("cat_dog", "2", "a" * 64), "not with this cat_dog 2"),
        (paths, ModelStamp("cat_dog", "1", "b" * 64), "not with this cat_dog 1"),
    ]:
        with pytest.raises(ClusterError, match=words):
            output.plan(others, 10, model)


def test_no_inputs_are_no_shards(output: Output) -> None:
    assert output.plan([], 10, MODEL).shards == 0


def _manifest_only(folder: Path) -> None:
    (folder / MANIFEST).write_text("{")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "thesis.txt").write_text(""), "holds something else"),
        (lambda folder: (folder / "part-0000000.parquet").write_text(""), "holds something else"),
        (_manifest_only, "damaged"),
    ],
)
def test_a_folder_of_something_else_is_left_alone(
    tmp_path: Path, spoil: Callable[[Path], object], words: str
) -> None:
    spoil(tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ClusterError, match=words):
        Output(str(tmp_path)).plan(["a"], 10, MODEL)
    assert sorted(tmp_path.iterdir()) == before


def test_what_breaks_while_writing_leaves_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = Output(str(tmp_path / "out"))
    output.plan(["a"], 10, MODEL)

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        output.write(0, b"rows")
    assert output.done() == set()
    monkeypatch.undo()
    output.write(0, b"rows")
    assert output.done() == {0}
    assert sorted(file.name for file in (tmp_path / "out").iterdir())[-1] == "part-0000000.parquet"


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense", "ray://x", "127.0.0.1:99999"])
def test_an_address_where_nothing_answers_is_told_at_once(address: str) -> None:
    with pytest.raises(ClusterError, match=f"No Ray cluster answers at {address}"):
        connected(address).__enter__()
