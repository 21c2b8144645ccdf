"""python -m train: from class folders to a model folder.

Typical use:

    python -m train prepare train.zip DATA            photos into train/ and validation/
    python -m train inspect DATA                      look at them first
    python -m train bottleneck --data DATA --out models/pets
    python -m train evaluate models/pets DATA/validation
    MODEL_DIR=models DEFAULT_MODEL=pets ./start_api.sh

`python -m train COMMAND --help` explains a command, with examples.
"""

import argparse
import importlib
import sys

from common.errors import DogorcatError

COMMANDS = {
    "bottleneck": ("train.recipes.bottleneck", "recipe: a head on a frozen ImageNet network"),
    "fine-tune": ("train.recipes.fine_tune", "recipe: the whole network, gently"),
    "export": ("train.finish", "turn a finished run into its model folder"),
    "evaluate": ("train.evaluate", "measure a model folder on class folders"),
}


def main(argv: list[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(
        prog="python -m train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module, summary) in COMMANDS.items():
        # Keras takes seconds to import, so only the command that was asked for is.
        wanted = importlib.import_module(module) if argv[:1] == [name] else None
        sub = commands.add_parser(
            name,
            help=summary,
            description=wanted.__doc__ if wanted else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if wanted:
            wanted.add_arguments(sub)
            sub.set_defaults(run=wanted.run)
    args = parser.parse_args(argv)
    run = args.__dict__.pop("run")
    try:
        return int(run(args))
    except DogorcatError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            "\nInterrupted. A recipe goes on after its last full epoch with --resume.",
            file=sys.stderr,
        )
        return 130


if __name__ == "__main__":
    sys.exit(main())
