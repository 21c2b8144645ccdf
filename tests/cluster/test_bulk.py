"""The bulk job on several nodes: exactly one row for each input, whatever is killed."""

import contextlib
import os
import random
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from api.errors import to_problem
from cluster.bulk.shards import INPUTS, MANIFEST
from common.errors import ImageError
from common.file_names import portable
from common.images import decode
from common.model.card import sha256_of
from common.model.classifier import Classifier
from support.photo_servers import PhotoServer, picture, serving
from support.running import ROOT
from tests.cluster.machines import COMMAND, PATIENCE_S, Cluster, eventually, processes

PHOTOS = 160
SHARD = 8
LARGE = (4800, 3600)
COLUMNS = [
    "path", "verdict", "present", "scores", "familiarity", "error", "detail", "model_name",
    "model_version",
]  # fmt: skip


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos in a folder and one below, some damaged; large ones, so that it takes a while."""
    folder = tmp_path_factory.mktemp("photos")
    kinds = [picture("red", size=LARGE)] * 8 + [picture("blue", size=LARGE)] * 8
    kinds += [b"junk", b"", kinds[0][:2000]]
    for number in range(PHOTOS):
        place = folder / "below" if number % 3 else folder
        place.mkdir(exist_ok=True)
        # Names as they come from old archives, too: not UTF-8.
        name = f"{number:04d}\udcfc.jpg" if number % 10 == 7 else f"{number:04d}.jpg"
        (place / name).write_bytes(kinds[number % len(kinds)])
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture(scope="module")
def expected(photos: Path, model_dir: Path) -> dict[str, str]:
    """Path -> verdict or error, found one by one and without any cluster."""
    model = Classifier.load(model_dir / "cat_dog")
    found = {}
    for path in photos.rglob("*.jpg"):
        try:
            pixels = decode(path.read_bytes(), model.target)
            found[portable(path)] = model.predict(pixels[np.newaxis])[0].verdict
        except ImageError as error:
            found[portable(path)] = to_problem(error).code
    return found


@contextlib.contextmanager
def job(
    cluster: Cluster, source: object, output: Path, model_dir: Path, **settings: object
) -> Iterator[subprocess.Popen[str]]:
    """The command, running."""
    with subprocess.Popen(
        [*COMMAND, "classify", str(source), str(output), "--shard", str(SHARD)],
        cwd=ROOT,
        env=cluster.environment(MODEL_DIR=model_dir, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def finish(
    cluster: Cluster, source: object, output: Path, model_dir: Path, **settings: object
) -> pd.DataFrame:
    """The rows, when the job is done."""
    with job(cluster, source, output, model_dir, **settings) as process:
        said, complaints = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, complaints
    assert "Traceback" not in complaints
    rows = pd.read_parquet(output)
    assert f"{len(rows)} photos in {output}" in said
    return rows


def answers(rows: pd.DataFrame) -> dict[str, str]:
    assert rows.path.is_unique
    return dict(zip(rows.path, rows.verdict.fillna(rows.error), strict=True))


def parts(output: Path) -> dict[str, tuple[str, int]]:
    """Name -> SHA-256 and time of the parts that are there."""
    return {file.name: (sha256_of(file), file.stat().st_mtime_ns) for file in output.glob("part-*")}


def some_but_not_all(output: Path) -> bool:
    """Whether it is time to kill something."""
    return len(parts(output)) >= random.randint(2, 6)


def test_each_photo_has_its_row_though_a_worker_is_killed(
    cluster: Cluster, photos: Path, model_dir: Path, expected: dict[str, str], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    with job(cluster, photos, output, model_dir) as process:
        eventually(lambda: some_but_not_all(output), "the first parts")
        workers = [pid for node in cluster.workers for pid in processes(node, "MapWorker")]
        os.kill(random.choice(workers), signal.SIGKILL)
        said, complaints = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, complaints
    assert f"{PHOTOS} photos in {output}" in said
    rows = pd.read_parquet(output)
    assert list(rows.columns) == COLUMNS
    assert answers(rows) == expected
    assert {"cat", "dog", "image_unreadable", "unsupported_media_type"} == set(expected.values())
    assert set(rows.model_version) == {"1"}
    good, bad = rows[rows.error.isna()], rows[rows.error.notna()]
    assert all(abs(sum(dict(scores).values()) - 1) < 1e-5 for scores in good.scores)
    assert good.familiarity.between(0, 1).all()
    assert all(list(p) == [v] for p, v in zip(good.present, good.verdict, strict=True))
    assert bad.verdict.isna().all()
    assert bad.present.isna().all()
    assert (bad.detail.str.len() > 10).all()


def end_early(cluster: Cluster, photos: Path, output: Path, model_dir: Path, number: int) -> str:
    """Begin or go on, end the driver by a signal when it has done something, return its words."""
    kept = parts(output)
    with job(cluster, photos, output, model_dir) as process:
        eventually(lambda: parts(output).keys() - kept.keys(), "parts of this run")
        process.send_signal(number)
        _, complaints = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == (130 if number == signal.SIGINT else -number), complaints
    assert kept.items() <= parts(output).items(), "what was done is not done again"
    assert len(parts(output)) < PHOTOS // SHARD
    return complaints


def test_a_driver_that_ended_goes_on_where_it_was(
    cluster: Cluster, photos: Path, model_dir: Path, expected: dict[str, str], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    end_early(cluster, photos, output, model_dir, signal.SIGKILL)
    complaints = end_early(cluster, photos, output, model_dir, signal.SIGINT)
    assert "the same command goes on from there" in complaints
    assert "Traceback" not in complaints
    kept = parts(output)
    assert answers(finish(cluster, photos, output, model_dir)) == expected
    assert kept.items() <= parts(output).items()
    assert {file.name for file in output.iterdir()} - parts(output).keys() == {INPUTS, MANIFEST}


def test_addresses_are_fetched_as_the_service_fetches_them(
    cluster: Cluster, model_dir: Path, tmp_path: Path
) -> None:
    server = PhotoServer()
    with serving(server):
        server.photos["/photo/red.jpg"] = (200, {"Content-Type": "image/jpeg"}, picture("red"))
        server.photos["/photo/gone"] = (404, {}, b"")
        urls = [f"{server.url}/photo/red.jpg?{number}" for number in range(20)]
        wrong = [f"{server.url}/photo/gone", "http://10.0.0.1/", "ftp://127.0.0.1/x", "/nowhere"]
        pd.DataFrame({"url": urls + wrong}).to_parquet(tmp_path / "list.parquet")
        rows = finish(
            cluster,
            tmp_path / "list.parquet",
            tmp_path / "out",
            model_dir,
            FETCH_ALLOWED_NETWORKS="127.0.0.0/8",
            FETCH_ALLOWED_PORTS=f"80,{server.port}",
        )
    codes = ["fetch_failed", "url_not_allowed", "read_failed", "read_failed"]
    assert list(rows.path) == urls + wrong
    assert list(answers(rows).values()) == ["cat"] * 20 + codes
