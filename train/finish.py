"""The last step of every recipe: keep the trained network, then make it a model folder.

    python -m train export models/pets

does this step alone, for a run whose training is done: after training on a GPU under another
Keras backend, or when the export was interrupted.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

import keras

from common.card import DataFingerprint, Pretrained
from common.errors import DataError
from train.choices import Choices
from train.data import scan
from train.evaluate import table
from train.folder import Product, write_folder
from train.runs import TRAINED, Run

PRODUCT = "product.json"


def finish(
    run: Run,
    model: keras.Model,
    history: list[dict[str, float]],
    pretrained: Pretrained | None = None,
    choices: Choices | None = None,
) -> int:
    """Save a trained network in its run's folder and, where TensorFlow is, export it.

    Args:
        choices: those of the network; made with it if left out, which looks at photos again.

    Returns:
        the exit status.
    """
    model.save(run.folder / TRAINED)
    if choices is None:
        choices = Choices.make(model, run.train, run.held, familiar(run))
    said = choices.save(run.folder) | {
        "recipe": run.recipe,
        "settings": run.settings,
        "labels": run.labels,
        "data": run.train.fingerprint(run.labels).model_dump(),
        "pretrained": pretrained.model_dump() if pretrained else None,
        "history": history,
        "version": run.version,
        "overwrite": run.overwrite,
        "show_photos": run.photos,
        "validation": str((run.data / "validation").resolve()),
    }
    (run.folder / PRODUCT).write_text(json.dumps(said), encoding="utf-8")
    if keras.backend.backend() != "tensorflow":
        print(f"Trained. Now: KERAS_BACKEND=tensorflow python -m train export {run.out}")
        return 0
    return export(run.out)


def familiar(run: Run) -> tuple[int, ...]:
    """The ImageNet classes that a run was told are those of its labels."""
    return tuple(run.settings.get("familiar") or ())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out", type=Path, help="the model folder that training was to write")
    parser.add_argument("--validation", type=Path, help="class folders, if they have moved")


def run(args: argparse.Namespace) -> int:
    return export(args.out, args.validation)


def export(out: Path, validation: Path | None = None) -> int:
    """Turn a finished run into its model folder, and forget the run."""
    folder = out.parent / f".{out.name}.run"
    if not (folder / PRODUCT).is_file():
        raise DataError(f"There is no finished run of {out}; --resume finishes a recipe's.")
    said = json.loads((folder / PRODUCT).read_text(encoding="utf-8"))
    product = Product(
        model=keras.models.load_model(folder / TRAINED),
        recipe=said["recipe"],
        settings=said["settings"],
        labels=tuple(said["labels"]),
        data=DataFingerprint.model_validate(said["data"]),
        pretrained=said["pretrained"] and Pretrained.model_validate(said["pretrained"]),
        history=said["history"],
        choices=Choices.load(folder, said),
    )
    figures = write_folder(
        product,
        out,
        said["version"],
        scan(validation or Path(said["validation"])),
        overwrite=said["overwrite"],
        show_photos=said["show_photos"],
    )
    shutil.rmtree(folder, ignore_errors=True)
    if figures:
        print(table(figures))
    print(
        f"\n{out} is ready: MODEL_DIR={out.parent} DEFAULT_MODEL={out.name} ./start_api.sh",
        file=sys.stderr,
    )
    return 0
