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
    ("cpuinfo", "with_8_bit_weights", "with_7_bit_weights"),
    [
        ("model name\t: EPYC\nflags\t\t: fpu avx2 avx512_vnni sha_ni\n", True, True),
        ("flags\t\t: fpu avx2 avx_vnni\n", True, True),
        ("flags\t\t: fpu sse2 avx2 avx512f\n", False, True),
        ("flags\t\t: fpu sse2 sse4_2\n", False, False),
        ("Features\t: fp asimd asimdhp asimddp\n", True, True),
        ("Features\t: fp asimd\n", False, False),
        ("processor\t: 0\n", False, False),
    ],
)
def test_8_bits_are_chosen_where_they_are_fast_and_exact(
    tmp_path: Path, cpuinfo: str, with_8_bit_weights: bool, with_7_bit_weights: bool
) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(cpuinfo)
    assert has_fast_int8(8, file) is with_8_bit_weights
    assert has_fast_int8(7, file) is with_7_bit_weights


def test_without_a_list_of_flags_8_bits_are_not_chosen(tmp_path: Path) -> None:
    assert not has_fast_int8(7, tmp_path / "absent")
