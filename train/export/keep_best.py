"""The best of a search becomes the model folder: its card, and a page, tell what else was tried."""

import shutil
from dataclasses import asdict
from pathlib import Path

from common.atomic import new_folder
from common.model.card import ModelCard, read_card, write_card
from common.model.classifier import Classifier
from train.learning.search import Search
from train.report.pages import render

PAGE = Path("report") / "tried.html"


def keep_best(search: Search, out: Path) -> ModelCard:
    """Write the model folder of a search that has found a model, or leave what was there.

    Returns:
        its card, whose settings have what was `tried`.

    Raises:
        OSError: it cannot be written.
    """
    assert search.best is not None, "the caller has asked"
    tried = [asdict(one) for one in search.tried]
    with new_folder(out, overwrite=True) as half:
        shutil.copytree(search.folder_of(search.best), half, dirs_exist_ok=True)
        card = read_card(half)
        card = card.model_copy(update={"settings": {**card.settings, "tried": tried}})
        page = render("tried.html", card=card, tried=search.tried, best=search.best)
        (half / PAGE).write_text(page, encoding="utf-8")
        write_card(card, half)
        Classifier.load(half)  # what the service will do
    return card
