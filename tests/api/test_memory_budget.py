"""How much of bodies a worker holds at the same time."""

import gc
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from flask.testing import FlaskClient

from api.app import create_app
from api.context import CountedInput, MemoryBudget, RequestBudget
from api.errors import Problem
from api.settings import Settings
from tests.api.conftest import RED


def test_what_arrives_is_counted_over_all_requests_and_given_back() -> None:
    worker = MemoryBudget(100)
    mine, yours = RequestBudget(worker), RequestBudget(worker)
    assert len(CountedInput(io.BytesIO(bytes(60)), mine).read(50)) == 50
    with pytest.raises(Problem) as refusal:
        CountedInput(io.BytesIO(bytes(60)), yours).read(60)
    assert refusal.value.code == "overloaded"
    yours.give_back()
    mine.give_back(20)
    yours.take(70)
    mine.give_back()
    mine.give_back()  # once is enough
    mine.take(30)
    mine.take(-10)  # a fetch that fails drops what it had
    with pytest.raises(Problem):
        mine.take(11)


@pytest.fixture(scope="module")
def client(model_dir: Path) -> FlaskClient:
    return create_app(Settings(model_dir=model_dir)).test_client()


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


FORMS = {
    "an unknown field": {"photo": RED},
    "two pictures": [("image", RED), ("image", RED)],
    "text": {"image": (None, "x")},
    "no picture": {"image": b"hello"},
    "cut": {"image": RED},
}


@pytest.mark.parametrize("name", FORMS)
def test_a_refused_form_is_forgotten_before_the_collector_comes(
    name: str, client: FlaskClient, no_collector: None
) -> None:
    form = requests.Request("POST", "http://localhost", files=FORMS[name]).prepare()
    assert isinstance(form.body, bytes)
    body = form.body[:-20] if name == "cut" else form.body
    known = {id(thing) for thing in gc.get_objects()}
    status = client.post(
        "/api/v1/classify", data=body, content_type=form.headers["Content-Type"]
    ).status_code
    assert status in (400, 415)
    # An error holds the frames it went through, and these what was read.
    left = [thing for thing in gc.get_objects() if id(thing) not in known]
    assert not [thing for thing in left if isinstance(thing, BaseException)]
