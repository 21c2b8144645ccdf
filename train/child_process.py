"""The environment of a `python -m train` that another one starts, in whatever folder it works."""

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent


def environment() -> dict[str, str]:
    """This process's environment, with the project first on Python's path."""
    path = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(path)}
