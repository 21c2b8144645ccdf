"""What the bulk job takes as its input, and what it writes down; without a cluster."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import fsspec
import pandas as pd
import pytest

from cluster.bulk.inputs import Inputs
from cluster.bulk.shards import INPUTS, MANIFEST, ModelStamp, ShardFolder
from cluster.connection import connected
from cluster.errors import ClusterError
from support.running import ROOT

MODEL = ModelStamp("cat_dog", "1", "a" * 64)
NAMES = ["a.jpg", "z.jpeg", "b/c.PNG", "b/d/e.webp"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in [*NAMES, "notes.txt", ".hidden.jpg", "b/.thumbnails/f.jpg"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def test_a_folder_is_read_to_its_depth_in_order(folder: Path) -> None:
    assert list(Inputs(str(folder))) == [str(folder / name) for name in NAMES]


def test_what_is_passed_over_is_told(folder: Path) -> None:
    inputs = Inputs(str(folder))
    assert len(list(inputs)) == len(NAMES)
    assert [(entry.path, entry.reason.name) for entry in sorted(inputs.passed_over)] == [
        (".hidden.jpg", "SYSTEM"),
        ("b/.thumbnails", "SYSTEM"),
        ("notes.txt", "NO_PHOTO"),
    ]


ODD_NAMES = [
    "Holiday [2019]", "what?", "*", "a::b", "zip::x", "~", "{a,b}", "with space", "100%", "a%20b",
    "#1", "new\nline", "猫", "Katz\udcfcr", "s3:", "-", "x.parquet", "x.csv", "C:\\photos", "$HOME",
]  # fmt: skip


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_folder_that_exists_is_that_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    photo = tmp_path / name / name / "a [1]\udcfc.jpg"
    photo.parent.mkdir(parents=True)
    photo.touch()
    monkeypatch.chdir(tmp_path)
    for source in (name, str(tmp_path / name)):
        assert list(Inputs(source)) == [str(photo)]
    output = ShardFolder(name + "out")
    output.plan(Inputs(name), 10, MODEL)
    assert list(output.shards([0])) == [(0, [os.fsencode(photo)])]
    assert {path.name for path in (tmp_path / (name + "out")).iterdir()} == {INPUTS, MANIFEST}


@pytest.mark.parametrize("name", ["list [1].csv", "a::b.csv", "l?st.csv", "Katz\udcfcr.csv"])
def test_a_list_that_exists_is_that_list(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("path\na.jpg\n")
    assert list(Inputs(str(tmp_path / name))) == ["a.jpg"]


def test_a_folder_elsewhere_is_read_by_the_same_names() -> None:
    store = fsspec.filesystem("memory")
    names = ("Thumbs.db", "@eaDir/x.jpg", "z.JFIF", "b/1.png", "b/readme.md", ".hidden/2.jpg")
    for name in names:
        store.pipe_file(f"/elsewhere/{name}", b"")
    inputs = Inputs("memory://elsewhere")
    assert list(inputs) == ["memory:///elsewhere/z.JFIF", "memory:///elsewhere/b/1.png"]
    assert {entry.path for entry in inputs.passed_over} == {
        ".hidden", "@eaDir", "Thumbs.db", "b/readme.md",
    }  # fmt: skip


def test_a_relative_folder_is_the_same_input(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert list(Inputs(folder.name)) == list(Inputs(str(folder)))


def test_a_glob_is_taken_at_its_word(folder: Path) -> None:
    assert list(Inputs(f"{folder}/*.txt")) == [str(folder / "notes.txt")]
    assert list(Inputs(f"{folder}/**/*.webp")) == [str(folder / "b/d/e.webp")]


@pytest.mark.parametrize("column", ["path", "url"])
def test_lists(tmp_path: Path, column: str) -> None:
    wanted = ["https://example.org/1.jpg", "s3://bucket/2.jpg", '3, and "more".jpg']
    table = pd.DataFrame({"number": [1, 2, 3], column: wanted})
    table.to_csv(tmp_path / "list.csv", index=False)
    table.to_parquet(tmp_path / "list.parquet")
    for name in ("list.csv", "list.parquet"):
        assert list(Inputs(str(tmp_path / name))) == wanted


def test_another_store_is_named_in_each_path() -> None:
    store = fsspec.filesystem("memory")
    for name in ("/photos/1.jpg", "/photos/below/2.jpg"):
        store.pipe_file(name, b"")
    assert list(Inputs("memory://photos")) == [
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
        list(Inputs(str(tmp_path / name)))


@pytest.fixture(params=["local", "memory"])
def output(request: pytest.FixtureRequest, tmp_path: Path) -> ShardFolder:
    return ShardFolder(
        str(tmp_path / "out") if request.param == "local" else f"memory:/{tmp_path}/out"
    )


def test_shards_hold_every_input_once(output: ShardFolder) -> None:
    paths = [f"{number}.jpg" for number in range(25)]
    manifest = output.plan(paths, 10, MODEL)
    assert (manifest.rows, manifest.shards) == (25, 3)
    encoded = [path.encode() for path in paths]
    assert [path for _, shard in output.shards([0, 1, 2]) for path in shard] == encoded
    assert list(output.shards([2])) == [(2, encoded[20:])]
    assert output.done() == set()
    output.write(1, b"rows")
    assert output.done() == {1}
    # The size of the shards is that of the first time; all else must be as it was.
    assert ShardFolder(output.folder).plan(paths, 99, MODEL) == manifest
    for others, model, words in [
        (paths[1:], MODEL, r"other inputs \(25 then, 24 now\)"),
        (paths[::-1], MODEL, r"other inputs \(25 then, 25 now\)"),
        (paths, ModelStamp("cat_dog", "2", "a" * 64), "not with this cat_dog 2"),
        (paths, ModelStamp("cat_dog", "1", "b" * 64), "not with this cat_dog 1"),
    ]:
        with pytest.raises(ClusterError, match=words):
            output.plan(others, 10, model)


def test_parts_of_other_columns_are_not_mixed(tmp_path: Path) -> None:
    output = ShardFolder(str(tmp_path / "out"))
    output.plan(["a.jpg"], 10, MODEL)
    file = tmp_path / "out" / MANIFEST
    members = json.loads(file.read_text())
    del members["columns"]  # as earlier versions wrote it
    file.write_text(json.dumps(members))
    with pytest.raises(ClusterError, match="other columns: choose a new folder"):
        output.plan(["a.jpg"], 10, MODEL)


def test_no_inputs_are_no_shards(output: ShardFolder) -> None:
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
        ShardFolder(str(tmp_path)).plan(["a"], 10, MODEL)
    assert sorted(tmp_path.iterdir()) == before


def test_what_breaks_while_writing_leaves_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = ShardFolder(str(tmp_path / "out"))
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


@pytest.mark.parametrize("where", ["local", "existing", "memory"])
def test_inputs_that_turn_out_to_be_wrong_leave_nothing(tmp_path: Path, where: str) -> None:
    """Rows before the wrong one have been written by then."""
    (tmp_path / "list.csv").write_text("path,n\n" + "a.jpg,1\n" * 50_000 + ",1\n")
    folder = f"memory:/{tmp_path}/out" if where == "memory" else str(tmp_path / "out")
    if where == "existing":
        (tmp_path / "out").mkdir()
    with pytest.raises(ClusterError, match="must hold text"):
        ShardFolder(folder).plan(Inputs(str(tmp_path / "list.csv")), 10, MODEL)
    if where == "memory":
        assert not fsspec.filesystem("memory").find(f"{tmp_path}/out")
    elif where == "existing":
        assert not list((tmp_path / "out").iterdir())
    else:
        assert not (tmp_path / "out").exists()


REFUSED: dict[str, tuple[list[str], str]] = {
    "no such folder": (["/nowhere", "out"], "error: /nowhere: there is no such folder or file."),
    "no such pattern": (["*.nothing", "out"], "error: *.nothing: nothing fits this pattern."),
    "a list without paths": (["list.csv", "out"], "error: list.csv: it has no column"),
    "a damaged list": (["list.parquet", "out"], "error: list.parquet: it cannot be read ("),
    "a file as a folder": (["photos", "list.csv"], "error: list.csv is not a folder."),
    "a folder of something else": (["photos", "photos"], "error: photos holds something else"),
    "an unknown store": (["photos", "nope://x"], "error: nope://x: it cannot be written to ("),
    "not UTF-8": (["nowhere\udcfc", "out"], "error: nowhere\\xfc: there is no such folder"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_gets_one_line_before_ray_starts(
    tmp_path: Path, model_dir: Path, name: str
) -> None:
    arguments, words = REFUSED[name]
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").touch()
    (tmp_path / "list.csv").write_text("number\n1\n")
    (tmp_path / "list.parquet").write_text("no parquet")
    before = sorted(tmp_path.rglob("*"))
    result = subprocess.run(
        [sys.executable, "-m", "cluster", "classify", *arguments],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "MODEL_DIR": str(model_dir)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(words)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense", "ray://x", "127.0.0.1:99999"])
def test_an_address_where_nothing_answers_is_told_at_once(address: str) -> None:
    with pytest.raises(ClusterError, match=f"No Ray cluster answers at {address}"):
        connected(address).__enter__()
