"""Every recipe from its command line to a model folder that the service accepts."""

import json
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest

from common.images import decode
from common.model.classifier import Classifier
from support.shared import PHOTOS, ROOT, needs_shared
from train.__main__ import main
from train.measure.evaluation import answers, label_indices
from train.measure.metrics import measure
from train.networks import imagenet_head
from train.photos.dataset import scan


def recipe(name: str, data: Path, out: Path, *more: str) -> int:
    return main([name, "--data", str(data), "--out", str(out), *more])


def check(folder: Path, data: Path, maps: bool) -> Classifier:
    """What every model folder must be."""
    classifier = Classifier.load(folder)
    assert classifier.card.labels == ("circles", "squares", "stripes")
    assert sum(classifier.card.data.counts.values()) < 48, "a share of the photos is held"
    expected = {"card.json", "model.onnx", "model.keras", "model.weights.h5", "report"}
    if classifier.card.outputs.familiarity:
        expected.add("familiarity.npz")
    assert {p.name for p in folder.iterdir()} == expected
    photo = next((data / "validation" / "circles").iterdir())
    pixels = decode(photo.read_bytes(), classifier.target)[None]
    found = classifier.predict(pixels, explain=True)[0]
    assert sum(found.scores.values()) == pytest.approx(1, abs=1e-5)
    assert found.heatmap is not None, "by occlusion where there are no maps"
    assert (classifier.card.outputs.maps is not None) == maps
    left = [p.name for p in folder.parent.iterdir() if p.name.startswith(".")]
    assert left == [], "neither the run nor half a folder stays"
    return classifier


def test_tiny(tiny: Path, data: Path) -> None:
    assert check(tiny, data, maps=False).card.recipe == "tiny"


def test_small_augmented(small: Path, data: Path) -> None:
    card = check(small, data, maps=False).card
    assert card.settings["augment"] == "strong"
    kept = keras.models.load_model(small / "model.keras")
    assert not [layer.name for layer in kept.layers if layer.name.startswith("augment")]


def test_bottleneck(probe: Path, data: Path, tmp_path: Path) -> None:
    classifier = Classifier.load(probe)
    assert classifier.card.recipe == "bottleneck"
    assert classifier.card.outputs.maps == "maps"
    picture = np.full((1, 32, 32, 3), 200, np.uint8)
    scores, maps = classifier.run(picture, ["scores", "maps"])
    logits = maps.mean(axis=(1, 2))
    softmax = np.exp(logits) / np.exp(logits).sum()
    assert scores == pytest.approx(softmax, abs=1e-4), "the mean of a label's map is its logit"


def test_bottleneck_with_the_classic_head_on_vgg16(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "models" / "vgg16"
    classic = ["--backbone", "VGG16", "--weights", "none", "--head", "flatten", "--size", "32"]
    cache = ["--cache", str(tmp_path / "cache")]
    assert recipe("bottleneck", data, out, *classic, *cache, "--epochs", "1") == 0
    card = check(out, data, maps=False).card
    assert card.settings["backbone"] == "VGG16"
    assert card.pretrained is None
    assert len(list((tmp_path / "cache").iterdir())) == 2, "training photos and their held share"


def moved(before: Path, after: Path) -> dict[str, bool]:
    """Weight -> whether fine-tuning changed it."""
    models = [keras.models.load_model(folder / "model.keras") for folder in (before, after)]
    return {
        old.path: not np.array_equal(old.numpy(), new.numpy())
        for old, new in zip(models[0].weights, models[1].weights, strict=True)
    }


def tune(start: Path, data: Path, out: Path, *more: str) -> int:
    quick = ["--epochs", "1", "--learning-rate", "1e-3", "--start", str(start)]
    return recipe("fine-tune", data, out, *quick, *more)


def test_fine_tune_learns_every_weight_and_keeps_the_statistics(
    small: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "models" / "tuned"
    assert tune(small, data, out, "--mix", "1") == 0
    check(out, data, maps=False)
    for name, changed in moved(small, out).items():
        assert changed == ("moving_" not in name), name


def test_fine_tune_can_leave_layers_alone(small: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "models" / "tuned"
    assert tune(small, data, out, "--layers", "1") == 0
    assert {name for name, changed in moved(small, out).items() if changed} == {
        "logits/kernel",
        "logits/bias",
    }


def test_fine_tune_averages_with_the_start(small: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "models" / "tuned"
    assert tune(small, data, out, "--mix", "0") == 0
    assert not any(moved(small, out).values())


def test_refit_needs_pooled_features(
    small: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune(small, data, tmp_path / "tuned", "--refit") == 2
    assert "--head gap" in capsys.readouterr().err


@pytest.fixture(scope="module")
def tuned(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fine-tuned network that kept its ImageNet head, both of random weights; read only."""
    folder = tmp_path_factory.mktemp("tuned")
    kernel = np.random.default_rng(0).normal(0, 0.3, (1024, 1000)).astype(np.float32)
    np.savez(folder / "head.npz", kernel=kernel, bias=np.zeros(1000, np.float32))
    net = ["--backbone", "MobileNet", "--weights", "none", "--size", "32", "--epochs", "1"]
    more = ["--imagenet-head", str(folder / "head.npz"), "--cache", str(folder / "cache")]
    out = folder / "models" / "tuned"
    assert recipe("fine-tune", data, out, *net, "--refit", *more) == 0
    return out


def test_fine_tune_of_an_imagenet_network(tuned: Path, data: Path) -> None:
    assert check(tuned, data, maps=True).card.settings["backbone"] == "MobileNet"


def test_fine_tuning_keeps_the_imagenet_head(tuned: Path) -> None:
    classifier = Classifier.load(tuned)
    assert classifier.card.outputs.familiarity == "familiarity"
    assert classifier.card.neither_threshold == 0.5
    said = classifier.predict(np.zeros((2, 32, 32, 3), np.uint8))
    assert all(0 <= (prediction.familiarity or 0) <= 1 for prediction in said)
    assert imagenet_head.has_head(keras.models.load_model(tuned / "model.keras"))
    golden = json.loads((tuned / "card.json").read_text())["golden"]
    assert {"scores", "familiarity", "maps"} == set(golden["disc"])
    weights = {
        tuple(w.dims): w.data_type for w in onnx.load(tuned / "model.onnx").graph.initializer
    }
    assert weights[1024, 1000] == onnx.TensorProto.INT8, "the largest matrix is kept in 8 bits"
    assert weights[1024, 3] == onnx.TensorProto.FLOAT, "our own head is not"


def test_labels_rename_the_sorted_folders(
    own_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "renamed"
    small = ["--size", "32", "--epochs", "1"]
    assert recipe("tiny", own_data, out, *small, "--labels", "circle,square") == 0
    card = Classifier.load(out).card
    assert card.labels == ("circle", "square")
    assert main(["evaluate", str(out), str(own_data / "validation")]) == 0
    assert "accuracy" in capsys.readouterr().out


def test_extra_photos_are_learned_from(own_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "more"
    small = ["--size", "32", "--epochs", "1", "--extra", str(own_data / "validation")]
    assert recipe("tiny", own_data, out, *small, "--held-share", "0.01") == 0
    assert sum(Classifier.load(out).card.data.counts.values()) == 16 + 6 - 2


MISTAKES = {
    "no-data": (["--data", "nowhere"], "There is no folder nowhere"),
    "labels": (["--labels", "one,two,three"], "2 labels are needed"),
    "extra": (["--extra", "nowhere"], "There is no folder nowhere"),
    "resume": (["--resume"], "no interrupted run"),
    "version": (["--version", ""], "cannot be the version of a model"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line(
    mistake: str, own_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more, words = MISTAKES[mistake]
    assert recipe("tiny", own_data, tmp_path / "out", "--size", "32", *more) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("error: ")
    assert words in said
    assert not (tmp_path / "out").exists()


def test_classes_that_differ(
    own_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own_data / "validation" / "squares").rename(own_data / "validation" / "ovals")
    assert recipe("tiny", own_data, tmp_path / "out") == 2
    assert "has circles, ovals" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("backbone", "words"),
    [
        (["--weights", "{file}"], "does not hold the weights of efficientnetlite2"),
        (["--weights", "missing.h5"], "There is no weights file"),
        (["--weights", "none", "--backbone", "Resnet1"], "There is no network Resnet1"),
        (["--weights", "none", "--backbone", "Xception", "--size", "32"], "cannot be built"),
    ],
)
def test_wrong_weights(
    backbone: list[str], words: str, own_data: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = tmp_path / "other.weights.h5"
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]).save_weights(file)
    more = [part.format(file=file) for part in backbone]
    assert recipe("bottleneck", own_data, tmp_path / "out", "--size", "48", *more) == 2
    assert words in capsys.readouterr().err


def test_an_existing_folder_is_replaced_only_when_asked(
    own_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "shapes"
    out.mkdir()
    (out / "mine.txt").write_text("keep me")
    small = ["--size", "32", "--epochs", "1"]
    assert recipe("tiny", own_data, out, *small) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (out / "mine.txt").read_text() == "keep me"
    assert recipe("tiny", own_data, out, *small, "--overwrite") == 0
    assert not (out / "mine.txt").exists()
    assert Classifier.load(out).card.name == "shapes"


@needs_shared
def test_the_shipped_model_is_as_right_as_its_card_says() -> None:
    classifier = Classifier.load(ROOT / "models" / "cat_dog", threads=2)
    photos = scan(PHOTOS / "validation")
    scores, _ = answers(classifier, photos)
    figures = measure(scores, label_indices(classifier.card, photos), classifier.card.labels)
    assert figures.accuracy >= 0.98
    said = {metric.name: metric.value for metric in classifier.card.metrics}
    assert figures.accuracy == pytest.approx(said["accuracy"], abs=0.003)
