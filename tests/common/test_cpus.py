import os
from pathlib import Path

import pytest

from common.cpus import has_fast_int8, usable_cpus

ALLOWED = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("max 100000", ALLOWED), ("100000 100000", 1), ("50000 100000", 1), ("rubbish", ALLOWED)],
)
def test_a_container_quota_counts(tmp_path: Path, quota: str, expected: int) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(quota)
    assert usable_cpus(file) == expected


def test_no_quota_means_the_affinity(tmp_path: Path) -> None:
    assert usable_cpus(tmp_path / "absent") == ALLOWED


@pytest.mark.parametrize(
    ("cpuinfo", "quick"),
    [
        ("model name\t: EPYC\nflags\t\t: fpu avx2 avx512_vnni sha_ni\n", True),
        ("flags\t\t: fpu avx2 avx_vnni\n", True),
        ("flags\t\t: fpu sse2 avx2 avx512f\n", False),
        ("Features\t: fp asimd asimdhp asimddp\n", True),
        ("Features\t: fp asimd\n", False),
        ("processor\t: 0\n", False),
    ],
)
def test_8_bits_are_quick_where_the_cpu_multiplies_and_adds_them(
    tmp_path: Path, cpuinfo: str, quick: bool
) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(cpuinfo)
    assert has_fast_int8(file) is quick


def test_without_a_list_of_flags_8_bits_are_not_chosen(tmp_path: Path) -> None:
    assert not has_fast_int8(tmp_path / "absent")
