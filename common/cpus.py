"""How many CPUs this process may really use: its affinity, and the quota of its container."""

import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cpus(quota: Path = _QUOTA) -> int:
    """CPUs that are worth starting a worker for, at least 1.

    Args:
        quota: cgroup v2 file with `<microseconds> <period>`, or `max` for no limit.
    """
    allowed = len(os.sched_getaffinity(0))
    try:
        microseconds, period = quota.read_text().split()
        allowed = min(allowed, int(microseconds) // int(period))
    except (OSError, ValueError):  # no cgroup v2, or no limit
        pass
    return max(allowed, 1)
