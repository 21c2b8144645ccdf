"""One worker of the bulk job, without a cluster: every input has its row, whatever its name."""

import io
import os
from pathlib import Path

import pandas as pd
import pytest

from api.settings import Settings
from cluster.bulk import worker
from cluster.bulk.worker import Worker
from support.photo_servers import picture


@pytest.fixture
def working(model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Worker:
    monkeypatch.setattr(worker, "packaged_models", lambda: model_dir)
    return Worker("cat_dog", Settings())


def rows(working: Worker, paths: list[str]) -> pd.DataFrame:
    shard = {"shard": 3, "paths": [os.fsencode(path) for path in paths]}
    answer = working(shard)
    table = pd.read_parquet(io.BytesIO(answer["part"]))
    assert (answer["shard"], answer["rows"]) == (3, len(paths))
    assert answer["errors"] == table.error.notna().sum()
    return table


NAMES = {
    "Katz\udcfcr.jpg": "Katz\\xfcr.jpg",
    "猫 [1].jpg": "猫 [1].jpg",
    "a::b.jpg": "a::b.jpg",
    "s3:x?.jpg": "s3:x?.jpg",
    "new\nline.jpg": "new\nline.jpg",
}


def test_names_of_any_bytes_and_characters(working: Worker, tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).write_bytes(picture("red"))
    table = rows(working, [str(tmp_path / name) for name in NAMES])
    assert list(table.path) == [f"{tmp_path}/{told}" for told in NAMES.values()]
    assert set(table.verdict) == {"cat"}


def test_what_cannot_be_read_is_a_row(working: Worker, tmp_path: Path) -> None:
    (tmp_path / "junk.jpg").write_bytes(b"junk")
    (tmp_path / "large.jpg").write_bytes(bytes(11 * 2**20))
    paths = {
        str(tmp_path / "gone\udcfc.jpg"): "read_failed",
        str(tmp_path): "read_failed",
        "ftp://x.example/cat.jpg": "read_failed",
        "zip://*.jpg::/etc/passwd": "read_failed",
        "http://10.0.0.1/": "url_not_allowed",
        "http://user@x.example/": "invalid_request",
        str(tmp_path / "junk.jpg"): "unsupported_media_type",
        str(tmp_path / "large.jpg"): "image_too_large",
    }
    table = rows(working, list(paths))
    assert list(table.error) == list(paths.values())
    assert table.verdict.isna().all()
    assert not any("\udcfc" in detail for detail in table.detail)
