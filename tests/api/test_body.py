"""How much of bodies a worker holds at the same time."""

import io

import pytest

from api.body import CountedInput, UploadMemory
from api.problems import Problem


def test_what_arrives_is_counted_over_all_requests_and_given_back() -> None:
    memory = UploadMemory(100)
    first = CountedInput(io.BytesIO(bytes(60)), memory)
    second = CountedInput(io.BytesIO(bytes(60)), memory)
    assert len(first.read(50)) == 50
    with pytest.raises(Problem) as refusal:
        second.read(60)
    assert refusal.value.code == "overloaded"
    first.close()
    first.close()  # once is enough
    assert len(second.read(60)) == 0, "what was refused is gone"
    third = CountedInput(io.BytesIO(bytes(100)), memory)
    assert len(third.read()) == 100
