"""Turn a finished run into its model folder: the last step of every recipe, alone.

    python -m train export models/pets

For a run whose training is done: after training on a GPU under another Keras backend, or when the
export was interrupted.
"""

import argparse
from pathlib import Path

from train.export.export_run import export


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out", type=Path, help="the model folder that training was to write")
    parser.add_argument("--validation", type=Path, help="class folders, if they have moved")


def run(args: argparse.Namespace) -> int:
    return export(args.out, args.validation)
