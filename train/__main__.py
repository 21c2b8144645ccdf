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
from typing import Any, NoReturn

from common.errors import DogorcatError
from common.file_names import any_terminal, printable
from common.quiet import silenced_stderr

COMMANDS = {
    "prepare": ("commands.photos.prepare", "photos of a zip or folder into train/ and validation/"),
    "inspect": ("commands.photos.inspect", "counts, sizes, damage, duplicates, a contact sheet"),
    "review": ("commands.photos.review", "photos with a wrong label, by keyboard"),
    "tiny": ("recipes.tiny", "recipe: one convolution at 64x64, in a minute"),
    "small": ("recipes.small", "recipe: three convolutions at 150x150, from scratch"),
    "bottleneck": ("recipes.bottleneck", "recipe: a head on a frozen ImageNet network"),
    "fine-tune": ("recipes.fine_tune", "recipe: the whole network, gently"),
    "robust": ("recipes.robust", "recipe: views of photos as people's arrive, and *neither*"),
    "auto": ("commands.models.auto", "the best that the recipes offer, within a time you choose"),
    "config": ("commands.models.config", "a model of train/configs: recipe, quantise, evaluate"),
    "export": ("commands.models.export", "turn a finished run into its model folder"),
    "quantise": ("commands.models.quantise", "the same model in 8 bits beside the float file"),
    "precisions": ("commands.measure.precisions", "the float and the 8-bit file, compared"),
    "evaluate": ("commands.measure.evaluate", "measure a model folder on class folders"),
    "compare": ("commands.measure.compare", "two models, photo by photo, and is it chance"),
    "stress": (
        "commands.measure.stress",
        "measure it on photos as people's arrive: turned, small …",
    ),
    "limits": (
        "commands.measure.limits",
        "one photo, disturbed more and more: until when is it right",
    ),
    "threshold": (
        "commands.measure.threshold",
        "the line of neither: what it keeps, and setting it",
    ),
    "predict": ("commands.measure.predict", "ask a model folder about photos"),
    "activations": ("commands.models.activations", "what each convolution sees in a photo"),
    "summary": ("commands.models.summary", "what a model folder holds, layer by layer"),
    "adopt": (
        "commands.models.adopt",
        "a Keras file that you already have becomes a model folder",
    ),
}


class Parser(argparse.ArgumentParser):
    """Says first what is wrong, in one line, and only points to the twenty of the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}\n{self.prog} --help explains.\n")


def main(argv: list[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    any_terminal()
    parser = Parser(
        prog="python -m train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module, summary) in COMMANDS.items():
        # Keras takes seconds to import, so only the command that was asked for is.
        wanted = _load(module) if argv[:1] == [name] else None
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
    del args.command
    try:
        return int(run(args))
    except DogorcatError as error:
        print(f"error: {printable(error)}", file=sys.stderr)
        return 2
    except OSError as error:  # a full disk, a folder that may not be written
        print(f"error: {error.filename or 'Writing'}: {error.strerror or error}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            "\nInterrupted. A recipe goes on after its last full epoch with --resume.",
            file=sys.stderr,
        )
        return 130


def _load(module: str) -> Any:
    """Import a command's module without the greeting of TensorFlow's C++ side."""
    with silenced_stderr():
        return importlib.import_module(f"train.{module}")


if __name__ == "__main__":
    sys.exit(main())
