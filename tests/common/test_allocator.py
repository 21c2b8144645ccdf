"""What was large and is free is not part of the process any more."""

import subprocess
import sys

import pytest

CODE = """
import io, sys, threading
from pathlib import Path
from common.allocator import return_large_blocks

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

if sys.argv[1] == "told":
    assert return_large_blocks()
kept = []
def read():  # a body as it arrives, and then something small that stays
    body = io.BytesIO()
    for _ in range(480):
        body.write(bytes(65536))
    kept.append(bytes(1000))
before = resident()
for _ in range(3):
    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print((resident() - before) // 2**20)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc is asked, /proc is read")
def test_large_blocks_are_given_back() -> None:
    def left(how: str) -> int:
        """Megabytes that stay of 8 × 30."""
        done = subprocess.run([sys.executable, "-c", CODE, how], capture_output=True, check=True)
        return int(done.stdout)

    assert left("told") < 20, f"{left('as it is')} MB stay where it is not told"
