"""The answer times that random arrivals alone cause: `python -m bench.queue`. Takes two seconds.

A simulated queue before as many servers as there are CPUs, where each request is the same work
(M/D/c). No real service can have a lower p99 at the same share of its capacity.
"""

import heapq
import random
from statistics import quantiles

from bench.serving import SHARES
from common.cpus import usable_cpus

REQUESTS = 300_000


def times(share: float, servers: int) -> list[float]:
    """From arrival to answer, in units of the work of one request.

    Args:
        share: of the capacity of all servers, 0..1; arrivals are a Poisson process.
        servers: at work at the same time.
    """
    arrivals = random.Random(0)
    free = [0.0] * servers  # when each will be
    found, now = [], 0.0
    for _ in range(REQUESTS):
        now += arrivals.expovariate(share * servers)
        end = max(now, free[0]) + 1.0
        heapq.heapreplace(free, end)
        found.append(end - now)
    return found


def main() -> None:
    servers = usable_cpus()
    print(f"{servers} servers; times in units of the work of one request")
    for share in SHARES:
        percentiles = quantiles(times(share, servers), n=100)
        print(f"at {share:.0%} of capacity: p50 {percentiles[49]:.1f}, p99 {percentiles[98]:.1f}")


if __name__ == "__main__":
    main()
