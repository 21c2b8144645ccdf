"""Commands to look with: inspect, predict, activations, summary, and the report."""

import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from common.card import read_card
from train.__main__ import main


def test_inspect_finds_damage_and_duplicates(
    own_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train, validation = own_data / "train", own_data / "validation"
    (train / "circles" / "broken.jpg").write_bytes(b"\xff\xd8\xff no")
    shutil.copy(train / "circles" / "1.jpg", validation / "circles" / "again.jpg")
    shutil.copy(train / "circles" / "2.jpg", train / "squares" / "mislabelled.jpg")
    sheet = tmp_path / "sheet.jpg"
    assert main(["inspect", str(own_data), "--json", "--sheet", str(sheet)]) == 0
    found = json.loads(capsys.readouterr().out.rsplit("contact sheet", 1)[0])
    assert found["counts"] == {
        "train": {"circles": 8, "squares": 9}, "validation": {"circles": 4, "squares": 3},
    }  # fmt: skip
    assert found["formats"] == {"JPEG": 24}
    assert found["width"] == [96, 96, 96]
    assert list(found["unreadable"]) == ["train/circles/broken.jpg"]
    assert found["across_the_split"] == [["train/circles/1.jpg", "validation/circles/again.jpg"]]
    assert found["across_classes"] == [["train/circles/2.jpg", "train/squares/mislabelled.jpg"]]
    assert np.asarray(Image.open(sheet)).std() > 10, "there are photos on it"

    assert main(["inspect", str(own_data)]) == 0
    assert "8 circles, 9 squares" in capsys.readouterr().out


def test_evaluate_says_what_the_card_and_the_answers_say(
    tiny: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(tiny), str(data / "validation"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    metrics = {metric.name: metric.value for metric in read_card(tiny).metrics}
    assert metrics["accuracy"] == pytest.approx(said["accuracy"], abs=1e-6)
    assert metrics["calibration_error"] == pytest.approx(said["calibration_error"], abs=1e-5)
    right = 0
    for kind in ("circles", "squares", "stripes"):
        main(["predict", str(tiny), str(data / "validation" / kind), "--json", "-"])
        answers = json.loads(capsys.readouterr().out)
        right += sum(answer["verdict"] == kind for answer in answers)
    assert said["accuracy"] == pytest.approx(right / 18)


def test_evaluate_records_what_it_found_once(
    tiny: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "shapes"
    shutil.copytree(tiny, model)
    before = read_card(model)
    for _ in range(2):
        command = ["evaluate", str(model), "--json", f"{data / 'train'}:0.5"]
        assert main([*command, "--record", "half of a fair"]) == 0
        said = json.loads(capsys.readouterr().out)
    assert 0 < said["photos"] < 48, "only a part of these photos"
    card = read_card(model)
    assert card.model_copy(update={"metrics": ()}) == before.model_copy(update={"metrics": ()})
    assert card.metrics[: len(before.metrics)] == before.metrics
    new = {metric.name: metric for metric in card.metrics[len(before.metrics) :]}
    assert len(new) == len(card.metrics) - len(before.metrics), "the second run replaced the first"
    assert new["accuracy"].value == pytest.approx(said["accuracy"], abs=1e-6)
    assert new["accuracy"].data == f"half of a fair, {said['photos']} photos"
    assert new["accuracy"].command == "python -m train evaluate models/shapes train:0.5"


def test_evaluate_refuses_other_classes(
    tiny: Path, own_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(tiny), str(own_data / "validation")]) == 2
    assert "are not the labels of shapes" in capsys.readouterr().err


def test_predict_never_stops_at_one_bad_file(
    tiny: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    shutil.copytree(data / "validation", photos)
    (photos / "bad.jpg").write_bytes(b"no photo")
    table, lines = tmp_path / "answers.csv", tmp_path / "answers.json"
    command = ["predict", str(tiny), str(photos), str(tmp_path / "gone.jpg")]
    assert main([*command, "--csv", str(table), "--json", str(lines)]) == 1
    said = capsys.readouterr().err
    assert "bad.jpg" in said
    assert "gone.jpg" in said
    assert "2 of 20 files could not be read." in said

    with table.open() as file:
        rows = list(csv.DictReader(file))
    answers = json.loads(lines.read_text())
    assert len(rows) == len(answers) == 18
    for row, answer in zip(rows, answers, strict=True):
        assert row["file"] == answer["file"]
        assert (
            row["verdict"] == answer["verdict"] == max(answer["scores"], key=answer["scores"].get)
        )
        assert float(row[f"score_{answer['verdict']}"]) == pytest.approx(
            answer["scores"][answer["verdict"]], abs=1e-6
        )


def test_predict_prints_a_table(tiny: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo = str(next((data / "validation" / "stripes").iterdir()))
    assert main(["predict", str(tiny), photo]) == 0
    assert re.match(rf"{re.escape(photo)}  \w+ +\w+ \d\.\d{{4}}", capsys.readouterr().out)


@pytest.mark.parametrize("model", ["tiny", "probe"])
def test_activations_are_those_of_the_network(
    model: str, data: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(model)
    photo = next((data / "validation" / "stripes").iterdir())
    out = tmp_path / "sheet.png"
    assert main(["activations", str(folder), str(photo), "--out", str(out), "--layers", "3"]) == 0
    assert np.asarray(Image.open(out)).std() > 10


def test_activations_of_a_known_kernel() -> None:
    import keras

    from train import networks
    from train.activations import activations

    pictures = networks.pictures((8, 8))
    scaled = keras.layers.Rescaling(1 / 255)(pictures)
    convolution = keras.layers.Conv2D(1, 1, name="red")
    inner_input = keras.Input((8, 8, 3))
    inner = keras.Model(inner_input, convolution(inner_input))
    convolution.set_weights([np.array([1.0, 0, 0]).reshape(1, 1, 3, 1), np.zeros(1)])
    model = keras.Model(pictures, inner(scaled))
    picture = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3)).astype(np.uint8)
    seen = activations(model, picture, 5)
    assert list(seen) == ["red"]
    np.testing.assert_allclose(seen["red"][..., 0], picture[..., 0] / 255, atol=1e-6)


def test_summary(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", str(tiny)]) == 0
    said = capsys.readouterr().out
    assert "circles, squares, stripes" in said
    assert "convolution" in said


def test_commands_that_look_inside_need_the_keras_file(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "bare"
    shutil.copytree(tiny, folder, ignore=shutil.ignore_patterns("*.keras"))
    assert main(["activations", str(folder), "photo.jpg"]) == 2
    assert "has no model.keras" in capsys.readouterr().err
    assert main(["summary", str(folder)]) == 0


def test_the_report_is_one_page_with_its_pictures(tiny: Path) -> None:
    page = (tiny / "report" / "index.html").read_text()
    assert {p.name for p in (tiny / "report").iterdir()} == {"index.html", "history.json"}
    assert len(json.loads((tiny / "report" / "history.json").read_text())) == 3
    assert "History" in page
    assert "Right and wrong" in page
    sources = re.findall(r'(?:src|href)="([^"]{0,20})', page)
    assert sources
    assert all(source.startswith("data:image/") for source in sources), "nothing from elsewhere"


def test_a_report_without_photos_holds_none(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "bare"
    small = ["--size", "32", "--epochs", "1", "--augment", "--no-photos"]
    assert main(["small", "--data", str(data), "--out", str(out), *small]) == 0
    page = (out / "report" / "index.html").read_text()
    assert "Augmentation" in page
    assert "<figure>" not in page


def test_the_report_in_a_browser(tiny: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("requestfailed", lambda request: errors.append(request.url[:80]))
        page.goto((tiny / "report" / "index.html").as_uri())
        images = page.locator("img")
        widths = [images.nth(i).evaluate("e => e.naturalWidth") for i in range(images.count())]
        browser.close()
    assert errors == []
    assert len(widths) >= 3
    assert min(widths) > 0


def test_tensorboard_logs_hold_the_history(data: Path, tmp_path: Path) -> None:
    import tensorflow as tf
    from tensorflow.core.util.event_pb2 import Event  # what TensorBoard itself reads

    logs, out = tmp_path / "logs", tmp_path / "model"
    small = ["--size", "32", "--epochs", "2", "--tensorboard", str(logs)]
    assert main(["tiny", "--data", str(data), "--out", str(out), *small]) == 0
    seen = set()
    for file in logs.rglob("events.*"):
        for record in tf.data.TFRecordDataset(str(file)):
            event = Event.FromString(record.numpy())
            seen |= {(file.parent.name, value.tag, event.step) for value in event.summary.value}
    for part in ("train", "validation"):
        for step in (1, 2):
            assert (part, "epoch_loss", step) in seen
            assert (part, "epoch_accuracy", step) in seen
