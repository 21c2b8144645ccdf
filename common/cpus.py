"""What CPUs this process may use: how many, and whether they are quick in 8 bits."""

import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_CPUINFO = Path("/proc/cpuinfo")
# Sums of products of 8-bit numbers in one instruction: x86's VNNI in either coding, Arm's.
_DOT_PRODUCTS = {"avx512_vnni", "avx_vnni", "asimddp"}


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


def quick_in_8_bits(cpuinfo: Path = _CPUINFO) -> bool:
    """Whether 8-bit inference is worth it: elsewhere it is no faster than float, or less exact.

    A flag and no measurement, so that all workers of a machine decide alike.
    """
    try:
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return False
    flags = (line.partition(":")[2] for line in lines if line.lower().startswith(("flags", "feat")))
    return not _DOT_PRODUCTS.isdisjoint(next(flags, "").split())
