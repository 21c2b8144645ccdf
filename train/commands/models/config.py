"""Make a model from its file of settings in train/configs: train, quantise, measure.

    python -m train config cat_dog
    python -m train config cat_dog --dry-run       only print the commands

Each command is printed and runs in a process of its own; the first that fails ends it.
"""

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

from train.child_process import environment
from train.configs import load_config, names


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("name", metavar="NAME", help=f"one of: {', '.join(names())}")
    add(
        "--shared",
        type=Path,
        default=Path(os.environ.get("SHARED", "../shared")),
        metavar="FOLDER",
        help="what photos and weights lie in (default: $SHARED, else ../shared)",
    )
    add("--out", type=Path, metavar="models/NAME", help="(default: models/NAME)")
    add("--dry-run", action="store_true", help="print the commands, and run none")


def run(args: argparse.Namespace) -> int:
    config = load_config(args.name, args.shared)
    for command in config.commands(args.out or Path("models") / args.name):
        print(f"python -m train {shlex.join(command)}", flush=True)
        if not args.dry_run:
            words = [sys.executable, "-m", "train", *command]
            status = subprocess.run(words, env=environment(), check=False)
            if status.returncode:
                return status.returncode
    return 0
