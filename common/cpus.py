"""Counts the CPUs that this process may use, and says whether they are fast at 8-bit inference."""

import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_CPUINFO = Path("/proc/cpuinfo")
# Dot products of 8-bit numbers in one instruction: VNNI on x86 (two encodings), asimddp on Arm.
_DOT_PRODUCTS = {"avx512_vnni", "avx_vnni", "asimddp"}
# Sums of two such products in 16 bits, which two products of 8-bit weights overflow.
_SUMS_IN_16_BITS = {"avx2"}


def usable_cpus(quota: Path = _QUOTA) -> int:
    """How many workers are worth starting: the CPUs of this process, at least 1.

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


def has_fast_int8(weight_bits: int = 8, cpuinfo: Path = _CPUINFO) -> bool:
    """Whether 8-bit inference pays on this CPU; on others it is no faster, or less exact.

    It pays where it takes at most four fifths of the time of float32 and loses at most 2 of 1,000
    verdicts. Read from the CPU's flags, not measured, so that all workers of a machine decide
    alike; docs/decisions/8-bits.md has the figures.

    Args:
        weight_bits: how many bits the weights of the file use.
    """
    try:
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return False
    flags = (line.partition(":")[2] for line in lines if line.lower().startswith(("flags", "feat")))
    wanted = _DOT_PRODUCTS | _SUMS_IN_16_BITS if weight_bits < 8 else _DOT_PRODUCTS
    return not wanted.isdisjoint(next(flags, "").split())
