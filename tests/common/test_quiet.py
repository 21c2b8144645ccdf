"""What C++ writes to standard error is not seen; what comes before and after is."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = """
import os, sys
from common.quiet import silenced_stderr
open_before = os.listdir("/proc/self/fd")
print("before", file=sys.stderr)
with silenced_stderr():
    os.write(2, b"a greeting\\n")
    print("another", file=sys.stderr)
print("between", file=sys.stderr)
try:
    with silenced_stderr():
        raise ZeroDivisionError
except ZeroDivisionError:
    os.write(2, b"after\\n")
assert os.listdir("/proc/self/fd") == open_before
"""


def test_only_what_is_written_meanwhile_is_lost() -> None:
    result = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stderr == "before\nbetween\nafter\n"
