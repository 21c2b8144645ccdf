"""Ask a model folder about photos, as the service would answer.

    python -m train predict models/cat_dog photo.jpg other.png
    python -m train predict models/cat_dog holiday_photos --csv answers.csv
    python -m train predict models/cat_dog holiday_photos --json - | jq .

`present` in CSV and JSON names the labels that are in the photo, the strongest first.
A file that cannot be read does not stop the rest; it is named at the end, and the exit status
is then 1. A byte of a name that is not UTF-8 is written as `\\xfc`.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from tqdm.auto import tqdm

from common.cpus import usable_cpus
from common.errors import DataError, ImageError
from common.file_names import portable, printable
from common.images import decode
from common.model.card import FILES
from common.model.classifier import Classifier
from common.model.prediction import SEVERAL, Prediction
from common.photo_files import find_photos, told
from train.arguments import output_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", type=Path, help="a model folder, for example models/cat_dog")
    add("photos", type=Path, nargs="+", metavar="PHOTO|FOLDER", help="a folder is searched through")
    add("--precision", choices=FILES, help="which file of the model (default: the quickest here)")
    add("--csv", type=_output, metavar="FILE", help="write the answers as CSV; - is stdout")
    add("--json", type=_output, metavar="FILE", help="write them as JSON; - is stdout")


def run(args: argparse.Namespace) -> int:
    classifier = Classifier.load(args.model, precision=args.precision)
    paths = list(_files(args.photos))
    answers: list[dict[str, Any]] = []
    bad: list[str] = []
    # A photo for each CPU: decoder and runtime let go of Python's lock, so all of them are busy.
    with ThreadPoolExecutor(usable_cpus()) as pool:
        try:
            found = pool.map(lambda path: _ask(classifier, path), paths)
            for path, said in tqdm(
                zip(paths, found, strict=True), total=len(paths), unit="photo", leave=False
            ):
                if isinstance(said, Prediction):
                    answers.append(_row(path, said))
                else:
                    bad.append(f"{printable(path)}: {said}")
        finally:
            pool.shutdown(cancel_futures=True)  # after Ctrl-C, too
    labels = classifier.card.labels
    if args.csv:
        with _open(args.csv) as file:
            columns = ["file", "verdict", "present", *(f"score_{label}" for label in labels)]
            columns.append("familiarity")
            writer = csv.writer(file)
            writer.writerow(columns)
            for row in answers:
                scores = [f"{row['scores'][label]:.6f}" for label in labels]
                said = [row["file"], row["verdict"], ";".join(row["present"])]
                writer.writerow([*said, *scores, row["familiarity"]])
    if args.json:
        with _open(args.json) as file:
            json.dump(answers, file, indent=2)
            file.write("\n")
    if not (args.csv or args.json):
        names = [printable(row["file"]) for row in answers]
        width = max(map(len, names), default=0)
        verdicts = [_verdict(row) for row in answers]
        broad = max(map(len, verdicts), default=0)
        for name, verdict, row in zip(names, verdicts, answers, strict=True):
            scores = "  ".join(f"{label} {score:.4f}" for label, score in row["scores"].items())
            print(f"{name:<{width}}  {verdict:<{broad}}  {scores}")
    for line in bad:
        print(f"not read: {line}", file=sys.stderr)
    if bad:
        print(f"{len(bad)} of {len(paths)} files could not be read.", file=sys.stderr)
    return 1 if bad else 0


def _files(photos: list[Path]) -> Iterator[Path]:
    for path in photos:
        if path.is_dir():
            found = find_photos(path)
            for line in told(found.passed_over):
                print(line, file=sys.stderr)
            if not found.photos:
                raise DataError(f"There are no photos in {printable(path)}.")
            yield from found.photos
        else:
            yield path


def _ask(classifier: Classifier, path: Path) -> Prediction | str:
    """What the model says of a photo, or the reason why it cannot be read."""
    try:
        pixels = decode(path.read_bytes(), classifier.target)
    except ImageError as error:
        return str(error)
    except OSError as error:
        return error.strerror or str(error)
    return classifier.predict(pixels[np.newaxis])[0]


def _row(path: Path, said: Prediction) -> dict[str, Any]:
    return {
        "file": portable(path),
        "verdict": said.verdict,
        "present": said.present,
        "scores": said.scores,
        "familiarity": said.familiarity,
    }


def _verdict(row: dict[str, Any]) -> str:
    """As people read it: which labels they are, where there are several."""
    which = f" ({', '.join(row['present'])})" if row["verdict"] == SEVERAL else ""
    return f"{row['verdict']}{which}"


def _output(text: str) -> Path:
    return Path(text) if text == "-" else output_file(text)


@contextmanager
def _open(path: Path) -> Iterator[TextIO]:
    if str(path) == "-":
        yield sys.stdout
        return
    with path.open("w", newline="", encoding="utf-8") as file:
        yield file
