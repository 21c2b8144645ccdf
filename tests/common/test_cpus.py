import os
from pathlib import Path

import pytest

from common.cpus import usable_cpus

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
