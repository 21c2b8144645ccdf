"""A picture costs the service little more than decoding it and asking the model.

Both are measured in turns in the same thread, as CPU time, and compared by their medians: what
else the machine does meets both. The bound is generous; docs/performance.md has the figures.
"""

import io
import statistics
import time
from collections.abc import Callable

import pytest
from flask import Flask

from api.app import create_app
from api.settings import Settings
from common.model.card import FILES
from common.model.classifier import Classifier
from support import photos
from support.plain_inference import classifier_of
from support.shared import ROOT

MODEL = ROOT / "models" / "cat_dog"
TURNS = 60
LEAST_SHARE_OF_FLOOR = 0.6


@pytest.fixture
def app() -> Flask:
    return create_app(Settings(model_dir=MODEL.parent, rate_limit="1000000 per second"))


def test_the_service_stays_near_the_floor(app: Flask) -> None:
    (photo,) = photos.small(1).files
    client = app.test_client()
    floor = classifier_of(MODEL / FILES[Classifier.load(MODEL).precision])

    def service() -> None:
        form = {"image": (io.BytesIO(photo), "photo.jpg")}
        assert client.post("/api/v1/classify", data=form).status_code == 200

    ratio = _in_turns(lambda: floor(photo), service)
    assert ratio > LEAST_SHARE_OF_FLOOR


def _in_turns(floor: Callable[[], object], service: Callable[[], object]) -> float:
    """The floor's CPU time as a share of the service's."""
    spent: dict[Callable[[], object], list[float]] = {floor: [], service: []}
    for _ in range(TURNS):
        for work, times in spent.items():
            start = time.thread_time()
            work()
            times.append(time.thread_time() - start)
    return statistics.median(spent[floor]) / statistics.median(spent[service])
