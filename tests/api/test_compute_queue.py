"""A CPU goes to who has waited longest, and is never lost."""

import queue
import threading
import time

import pytest

from api.compute_queue import Lane
from api.deadline import Deadline
from api.errors import Problem


def test_places_are_bounded_and_given_back() -> None:
    lane = Lane(width=1, waiting=1)
    with lane.place(), lane.place():
        assert lane.full
        with pytest.raises(Problem, match="waiting") as refusal, lane.place():
            pass
        assert refusal.value.code == "overloaded"
    assert not lane.full


def test_who_came_first_is_first() -> None:
    lane, order = Lane(width=1, waiting=10), queue.Queue[int]()
    lane.wait(Deadline(10))

    def compute(number: int) -> None:
        lane.wait(Deadline(10))
        order.put(number)
        lane.go()

    threads = [threading.Thread(target=compute, args=(number,)) for number in range(8)]
    for number, thread in enumerate(threads, 1):
        thread.start()
        while len(lane._queue) < number:
            time.sleep(0.001)
    lane.go()
    for thread in threads:
        thread.join()
    assert [order.get() for _ in threads] == list(range(8))
    lane.wait(Deadline(0))  # it is free again


def test_who_waits_too_long_leaves_the_queue() -> None:
    lane = Lane(width=1, waiting=10)
    lane.wait(Deadline(10))
    with pytest.raises(Problem) as late:
        lane.wait(Deadline(0.05))
    assert late.value.code == "deadline_exceeded"
    lane.go()
    lane.wait(Deadline(0))  # nobody is in front any more


def test_no_turn_is_lost_when_deadlines_end_as_turns_come() -> None:
    lane = Lane(width=2, waiting=100)

    def hurry() -> None:
        for _ in range(200):
            try:
                lane.wait(Deadline(0.0005))
            except Problem:
                continue
            time.sleep(0.0005)
            lane.go()

    threads = [threading.Thread(target=hurry) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(2):
        lane.wait(Deadline(0))
