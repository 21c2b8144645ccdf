"""How much of bodies a worker holds at the same time."""

import io

import pytest

from api.body_memory import BodyMemory, CountedInput, Share
from api.problems import Problem


def test_what_arrives_is_counted_over_all_requests_and_given_back() -> None:
    memory = BodyMemory(100)
    mine, yours = Share(memory), Share(memory)
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
    with pytest.raises(Problem):
        mine.take(1)
