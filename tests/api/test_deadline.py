"""Alarms ring when their time has come, in order, unless they were cancelled."""

import queue

from api.deadline import Alarms


def test_alarms_ring_in_the_order_of_their_moments() -> None:
    alarms, rung = Alarms(), queue.Queue[str]()
    alarms.set(0.2, lambda: rung.put("later"))
    alarms.set(0.05, lambda: rung.put("sooner"))  # the thread has to wake for it
    assert [rung.get(timeout=10), rung.get(timeout=10)] == ["sooner", "later"]


def test_a_cancelled_alarm_is_silent_and_the_next_one_rings() -> None:
    alarms, rung = Alarms(), queue.Queue[str]()
    alarms.set(0.05, lambda: rung.put("cancelled")).cancel()
    alarms.set(0.1, lambda: rung.put("kept"))
    assert rung.get(timeout=10) == "kept"
    assert rung.empty()
