"""Slow servers and slow clients: how long others wait for their answers beside them."""

import statistics
import subprocess
import sys
import time

from bench.security.attack import DRIP_PORT
from bench.security.service import classify, open_service
from support.hostile_pictures import plain
from support.running import ROOT, RunningService


def load() -> None:
    """The p99 of ordinary requests: quiet, and beside 50 dripping fetches and 50 slow uploads."""
    with open_service(
        FETCH_ALLOWED_NETWORKS="127.0.0.0/8",
        FETCH_ALLOWED_PORTS=DRIP_PORT,
        FETCH_CONCURRENCY=50,  # so that all fifty are under way, whichever worker they meet
        THREADS=128,
    ) as service:
        data = plain("JPEG", 500, 375)
        command = [sys.executable, "-m", "bench.security.attack", service.url]
        _times(service, data, 50)
        quiet: list[float] = []
        loaded: list[float] = []
        for _ in range(5):  # in turns, since this machine may have other work
            quiet += _times(service, data, 200)
            with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) as attacker:
                time.sleep(4)
                loaded += _times(service, data, 200)
                attacker.communicate()  # closing its input ends it
    was, became = (statistics.quantiles(times, n=100)[98] for times in (quiet, loaded))
    print("load: an ordinary JPEG again and again, by one client")
    print(f"  p99 quiet                            {was * 1000:.1f} ms")
    print(f"  p99 beside 50 fetches, 50 uploads    {became * 1000:.1f} ms")
    print(f"  ratio                                {became / was:.2f}")


def _times(service: RunningService, data: bytes, number: int) -> list[float]:
    """The seconds that each of so many answers takes."""
    taken = []
    for _ in range(number):
        start = time.perf_counter()
        answer = classify(service, data)
        assert answer.status_code == 200, answer.text
        taken.append(time.perf_counter() - start)
    return taken
