"""A turn goes to who has waited longest, and is never lost."""

import queue
import threading
import time

import pytest

from api.compute_queue import ComputeQueue
from api.context import Deadline
from api.errors import Problem
from support.running import PATIENCE_S, wait_until


def test_places_are_bounded_and_given_back() -> None:
    turns = ComputeQueue(width=1, waiting=1)
    with turns.admit(), turns.admit():
        assert turns.is_full
        with pytest.raises(Problem, match="waiting") as refusal, turns.admit():
            pass
        assert refusal.value.code == "overloaded"
    assert not turns.is_full


def test_turns_are_given_first_come_first_served() -> None:
    turns, order = ComputeQueue(width=1, waiting=10), queue.Queue[int]()
    turns.acquire(Deadline(PATIENCE_S))

    def compute(number: int) -> None:
        turns.acquire(Deadline(PATIENCE_S))
        order.put(number)
        turns.release()

    threads = [threading.Thread(target=compute, args=(number,)) for number in range(8)]
    for number, thread in enumerate(threads, 1):
        thread.start()
        wait_until(lambda number=number: turns.waiting == number)
    turns.release()
    for thread in threads:
        thread.join()
    assert [order.get() for _ in threads] == list(range(8))
    turns.acquire(Deadline(0))  # it is free again


def test_who_waits_too_long_leaves_the_queue() -> None:
    turns = ComputeQueue(width=1, waiting=10)
    turns.acquire(Deadline(PATIENCE_S))
    with pytest.raises(Problem) as late:
        turns.acquire(Deadline(0.05))
    assert late.value.code == "deadline_exceeded"
    turns.release()
    turns.acquire(Deadline(0))  # nobody is in front any more


def test_no_turn_is_lost_when_deadlines_end_as_turns_come() -> None:
    turns = ComputeQueue(width=2, waiting=100)

    def hurry() -> None:
        for _ in range(200):
            try:
                turns.acquire(Deadline(0.0005))
            except Problem:
                continue
            time.sleep(0.0005)
            turns.release()

    threads = [threading.Thread(target=hurry) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(2):
        turns.acquire(Deadline(0))
