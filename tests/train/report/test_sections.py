"""The sections of a report, on a model of which every answer is known: red is a cat, blue a dog."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from common.model.card import Metric, ModelCard
from common.model.classifier import Classifier
from support.colour_model import write_colour_model
from train.measure.evaluation import answers
from train.measure.metrics import measure
from train.photos.dataset import Photos, scan
from train.report.gallery import Answers
from train.report.report import Training, WarmStart, write_report

# r is red, b is blue, g is red too, but darker: the model is less sure.
REPORTED = {"cat": "rrrrrrggbb", "dog": "bbbbbbbbr"}
LEARNED = {"cat": "rrrrrb", "dog": "bbbbb"}
SHADES = {"r": (220, 20, 20), "g": (60, 30, 30), "b": (20, 20, 220)}
HISTORY = [
    {"loss": 0.9, "val_loss": 0.8, "accuracy": 0.5, "val_accuracy": 0.6},
    {"loss": 0.5, "val_loss": 0.4, "accuracy": 0.8, "val_accuracy": 0.9},
    {"loss": 0.3, "val_loss": 0.5, "accuracy": 0.9, "val_accuracy": 0.8},
]


def photos(folder: Path, colours: dict[str, str]) -> Photos:
    for label, kinds in colours.items():
        (folder / label).mkdir(parents=True)
        for i, kind in enumerate(kinds):
            red, green, blue = SHADES[kind]
            Image.new("RGB", (64, 48), (red, green + i, blue)).save(folder / label / f"{i}.png")
    return scan(folder)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[ModelCard, Classifier]:
    folder = tmp_path_factory.mktemp("models") / "colours"
    settings = {"held_share": 0.1, "classes": ["cat", "dog"], "no_photos": False, "start": None}
    metric = Metric(name="accuracy", value=0.8, data="DATA/validation, 19 photos", command="eval")
    card = write_colour_model(folder, settings=settings, metrics=[metric.model_dump()])
    return card, Classifier.load(folder)


def report(model: tuple[ModelCard, Classifier], folder: Path, *, show: bool = True) -> str:
    card, classifier = model
    told = []
    for name, colours in (("validation", REPORTED), ("train", LEARNED)):
        found = photos(folder / name, colours)
        scores, familiarity = answers(classifier, found)
        told.append(Answers(found, scores, found.truth, familiarity))
    reported, learned = told
    figures = measure(reported.scores, reported.truth, card.labels)
    before = np.tile(np.float32([0.6, 0.4]), (len(reported.photos), 1))
    before[reported.truth == 1] = before[reported.truth == 1][:, ::-1]  # the start was always right
    others = np.float32([0.1, 0.2, 0.9])
    training = Training(HISTORY, WarmStart(HISTORY[:2], before), learned, others)
    write_report(folder / "report", card, classifier, figures, reported, training, show_photos=show)
    return (folder / "report" / "index.html").read_text(encoding="utf-8")


def section(page: str, heading: str) -> str:
    """What stands below a heading, up to the next one of its kind."""
    return re.split(r"<h2>", page.split(f"<h2>{heading}</h2>")[1])[0]


def test_every_number_of_the_confusion_matrix_leads_to_its_photos(
    model: tuple[ModelCard, Classifier], tmp_path: Path
) -> None:
    page = report(model, tmp_path)
    links = dict(re.findall(r'href="#(cell-\d-\d)"[^>]*>(\d+)<', page))
    assert links == {"cell-0-0": "8", "cell-0-1": "2", "cell-1-0": "1", "cell-1-1": "8"}
    for anchor, name in {"cell-0-1": "cat/8.png", "cell-1-0": "dog/8.png"}.items():
        own = re.search(rf'id="{anchor}".*?</section>', page, re.S)[0]
        assert name in own
        assert "in orange" in own, "where the wrong label was seen"
    right = re.search(r'id="cell-0-0".*?</section>', page, re.S)[0]
    assert right.index("cat/7.png") < right.index("cat/0.png"), "the least sure first"
    assert "The 5 least sure" in right


def test_what_stands_in_each_section(model: tuple[ModelCard, Classifier], tmp_path: Path) -> None:
    page = report(model, tmp_path)
    learned = section(page, "Training photos that it gets wrong")
    assert "1 of 11 training photos" in learned
    assert "cat/5.png" in learned
    figures = section(page, "Figures")
    assert re.search(
        r"accuracy</th><td class=number>0.8421</td><td class=number>0.62\d\d to", figures
    )
    assert "area under the ROC curve" in figures
    brought = section(page, "What fine-tuning brought")
    assert "Fine-tuning did not help here" in brought
    assert "A is right on 3, B on 0" in brought
    history = section(page, "History")
    assert "The head alone" in history
    assert "over 2 epochs" in history
    assert "over 3 epochs. Epoch 2 is kept" in history
    assert section(page, "Reliability").count("<tr><td") == 1
    neither = section(page, "Neither")
    assert "The line of neither lies at 0.500" in neither
    assert "1 of 3 photos (6.1% to 79.2%) of other things" in neither
    settings = section(page, "Settings")
    assert "share of the training photos that choices are made on" in settings
    assert not re.search(r"[a-z]_[a-z]", re.sub(r"<[^>]*>", "", settings)), "words, no raw names"


def test_every_picture_has_a_text_and_lies_in_the_page(
    model: tuple[ModelCard, Classifier], tmp_path: Path
) -> None:
    page = report(model, tmp_path)
    pictures = re.findall(r"<img [^>]*>", page)
    assert len(pictures) > 10
    assert all(re.search(r'alt="[^"]{5,}"', picture) for picture in pictures)
    assert all(re.search(r'src="data:image/', picture) for picture in pictures)


def test_without_photos_it_names_them(model: tuple[ModelCard, Classifier], tmp_path: Path) -> None:
    page = report(model, tmp_path, show=False)
    assert "image/jpeg" not in page
    assert "<li>cat/8.png: dog" in page
    assert str(tmp_path) not in page
