"""The last step of every recipe: keep the trained network, then make it a model folder."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

from common.allocator import return_large_blocks
from common.errors import DataError
from common.model.card import DataFingerprint, Pretrained
from train.calibration.calibration import Calibration
from train.export.model_folder import TrainedModel, write_folder
from train.learning.runs import TRAINED, Run
from train.measure.evaluation import table
from train.networks import saved
from train.photos.dataset import Photos, scan
from train.photos.others import OTHER, at_hand
from train.report.report import WarmStart
from train.usage import give_back, used

RESULT = "trained.json"


def export_run(
    run: Run,
    model: keras.Model,
    history: list[dict[str, float]],
    pretrained: Pretrained | None = None,
    calibration: Calibration | None = None,
    warm: WarmStart | None = None,
    others: Photos | None = None,
) -> None:
    """Save a trained network in its run's folder and, where TensorFlow is, export it.

    Args:
        warm: what fine-tuning began with, for the report.
        others: photos of other things that it did not learn from, for the report, too; those of
            DATA/other where left out.
        calibration: that of the network; made here if left out, which looks at photos again.
    """
    return_large_blocks()  # weights are copied again and again from here on, and let go
    give_back()
    if calibration is None:
        calibration = Calibration.make(
            model, run.photos.train, run.photos.validation, familiar(run)
        )
    trained = TrainedModel(
        model=model,
        recipe=run.asked.recipe,
        settings=run.settings,
        labels=run.photos.labels,
        data=run.photos.train.fingerprint(run.photos.labels),
        pretrained=pretrained,
        history=history,
        calibration=calibration,
        warm=warm,
        learned=run.photos.train,
        others=others or at_hand(run.asked.data),
    )
    _save(trained, run)  # for `train export`, should this process not get to the end
    give_back()
    if keras.backend.backend() != "tensorflow":
        print(f"Trained. Now: KERAS_BACKEND=tensorflow python -m train export {run.asked.out}")
        return
    _write(
        trained,
        run.asked.out,
        run.asked.version,
        run.photos.test,
        run.asked.overwrite,
        not run.asked.no_photos,
    )


def _save(trained: TrainedModel, run: Run) -> None:
    """Keep in a run's folder what its export needs."""
    trained.model.save(run.folder / TRAINED)
    result = trained.calibration.save(run.folder) | {
        "recipe": trained.recipe,
        "settings": trained.settings,
        "labels": trained.labels,
        "data": trained.data.model_dump(),
        "pretrained": trained.pretrained and trained.pretrained.model_dump(),
        "history": trained.history,
        "warm": trained.warm
        and {
            "history": list(trained.warm.history),
            "scores": trained.warm.scores.tolist(),
        },
        "learned": _told(run.photos.train),
        "others": _told(trained.others),
        "version": run.asked.version,
        "overwrite": run.asked.overwrite,
        "show_photos": not run.asked.no_photos,
        "test": str((run.asked.data / "validation").resolve()),
    }
    (run.folder / RESULT).write_text(json.dumps(result), encoding="utf-8")


def familiar(run: Run) -> tuple[int, ...]:
    """The ImageNet classes that a run was told are those of its labels."""
    return tuple(run.settings.get("familiar") or ())


def export(out: Path, validation: Path | None = None) -> int:
    """Turn a finished run into its model folder, and forget the run."""
    folder = out.parent / f".{out.name}.run"
    if not (folder / RESULT).is_file():
        raise DataError(f"There is no finished run of {out}; --resume finishes a recipe's.")
    result = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    test = scan(validation or Path(result["test"]))
    warm = result.get("warm")
    if warm and len(warm["scores"]) != len(test):
        warm = None  # other photos than those that it was asked about
    trained = TrainedModel(
        model=saved.load(folder / TRAINED),
        recipe=result["recipe"],
        settings=result["settings"],
        labels=tuple(result["labels"]),
        data=DataFingerprint.model_validate(result["data"]),
        pretrained=result["pretrained"] and Pretrained.model_validate(result["pretrained"]),
        history=result["history"],
        calibration=Calibration.load(folder, result),
        warm=warm and WarmStart(warm["history"], np.array(warm["scores"], np.float32)),
        learned=_still_there(result["learned"], tuple(result["settings"]["classes"])),
        others=_still_there(result["others"], (OTHER,)),
    )
    _write(trained, out, result["version"], test, result["overwrite"], result["show_photos"])
    return 0


def _told(photos: Photos | None) -> dict[str, Any] | None:
    """Where photos are, and of which class each is, for JSON."""
    if photos is None:
        return None
    paths = [str(path.resolve()) for path in photos.paths]
    return {"paths": paths, "truth": photos.truth.tolist()}


def _still_there(told: dict[str, Any] | None, classes: tuple[str, ...]) -> Photos | None:
    """Photos of a finished run that are where they were."""
    every = zip(told["paths"], told["truth"], strict=True) if told else ()
    kept = [(Path(path), truth) for path, truth in every if Path(path).is_file()]
    paths, truth = zip(*kept, strict=True) if kept else ((), ())
    found = Photos(classes, paths, np.array(truth, np.int64), ("",) * len(paths))
    return found if len(found) else None


def _write(
    trained: TrainedModel, out: Path, version: str, test: Photos, overwrite: bool, photos: bool
) -> None:
    """Write the model folder, print its figures, and forget the run."""
    print(f"Exporting {out}: ONNX, proof against Keras, figures on the test photos.", flush=True)
    figures = write_folder(trained, out, version, test, overwrite=overwrite, show_photos=photos)
    folder = out.parent / f".{out.name}.run"
    shutil.rmtree(folder, ignore_errors=True)
    if figures:
        print(table(figures))
    print(f"\nUsed {used()}.", flush=True)
    print(
        f"\n{out} is ready: MODEL_DIR={out.parent} DEFAULT_MODEL={out.name} ./start_api.sh",
        file=sys.stderr,
    )
