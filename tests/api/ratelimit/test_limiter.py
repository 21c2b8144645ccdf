"""Each client is counted for itself; a storage that is down does not take the service down."""

import socket
from concurrent.futures import ThreadPoolExecutor

from api.ratelimit.limiter import RateLimiter
from support.running import PATIENCE_S, free_port


def test_each_client_has_its_own_window() -> None:
    counters = RateLimiter("2 per minute", "memory://")
    first = [counters.hit("classify", "a") for _ in range(3)]
    assert [count.allowed for count in first] == [True, True, False]
    assert [count.remaining for count in first] == [1, 0, 0]
    assert counters.hit("classify", "b").allowed
    assert counters.hit("random", "a").allowed


def test_the_tightest_of_several_limits_decides() -> None:
    counters = RateLimiter("100 per day;1 per minute", "memory://")
    assert counters.hit("a").remaining == 0
    refused = counters.hit("a")
    assert not refused.allowed
    assert refused.limit.get_expiry() == 60


def test_a_window_that_is_over_is_forgotten() -> None:
    counters = RateLimiter("1 per second", "memory://")
    assert counters.hit("a").allowed
    while not (count := counters.hit("a")).allowed:
        assert count.reset
    assert count.remaining == 0


def test_memory_counts_while_redis_does_not_answer() -> None:
    counters = RateLimiter("1 per minute", f"redis://127.0.0.1:{free_port()}")
    assert counters.hit("a").allowed
    assert not counters.hit("a").allowed


def test_a_redis_that_says_nothing_is_not_waited_for() -> None:
    with ThreadPoolExecutor() as pool, socket.create_server(("127.0.0.1", 0)) as silent:
        counters = RateLimiter("2 per minute", f"redis://127.0.0.1:{silent.getsockname()[1]}")
        assert pool.submit(counters.hit, "a").result(PATIENCE_S).allowed
