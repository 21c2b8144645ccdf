"""Large pictures wait for each other's memory, small ones do not."""

import threading

import pytest

from common.errors import ImageTooLarge
from common.images.decoder import MemoryLimit


def test_who_finds_too_little_waits_for_others() -> None:
    memory = MemoryLimit(10)
    order: list[str] = []

    def take(size: int) -> None:
        with memory.reserve(size):
            order.append("second")

    with memory.reserve(6), memory.reserve(4):
        thread = threading.Thread(target=take, args=(5,))
        thread.start()
        thread.join(0.1)  # long enough to be wrong, if it did not wait
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_more_than_there_is_in_all_is_refused() -> None:
    with pytest.raises(ImageTooLarge), MemoryLimit(10).reserve(11):
        pass
