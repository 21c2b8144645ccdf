"""What the text of an option may be: numbers in their range, names, folders, functions."""

import argparse
import importlib
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from common.model.prediction import NEITHER, SEVERAL

T = TypeVar("T", int, float)


def data(parser: argparse.ArgumentParser) -> None:
    """Where the photos are: an option, or the environment."""
    where = data_path()
    parser.add_argument(
        "--data",
        type=Path,
        default=where,
        required=where is None,
        metavar="DATA",
        help="folder with train/<class>/ and validation/<class>/ (default: $DATA_PATH)",
    )


def model_to_write(parser: argparse.ArgumentParser) -> None:
    """What commands that train a model take, whichever way they choose it."""
    add = parser.add_argument
    add(
        "--out",
        type=Path,
        required=True,
        metavar="models/NAME",
        help="the model folder to write; its name is the model's name",
    )
    add(
        "--labels",
        type=names,
        metavar="A,B,…",
        help="what to call the classes, in the order of the sorted folders (default: their names)",
    )
    add("--overwrite", action="store_true", help="replace the model folder if it is there")
    add("--seed", type=whole, default=0, help="of everything random (default: 0)")
    add("--no-photos", action="store_true", help="leave photos out of the report")


def cache(parser: argparse.ArgumentParser, default: Path) -> None:
    """Where the outputs of frozen networks are kept."""
    parser.add_argument(
        "--cache",
        type=Path,
        default=default,
        metavar="DIR",
        help=f"where bottleneck features are kept (default: {default})",
    )


def held_folders(parser: argparse.ArgumentParser, more: str) -> None:
    """Photos on which choices are made; `more` says what a command does with them."""
    parser.add_argument(
        "--held", type=held, action="append", default=[], metavar="FOLDER[:SHARE]", help=more
    )


def others(parser: argparse.ArgumentParser, more: str) -> None:
    """Photos of other things; `more` says what a command does with them."""
    parser.add_argument(
        "--others",
        type=held,
        action="append",
        default=[],
        metavar="FOLDER[:SHARE]",
        help=f"photos that show none of the labels, {more}; may be repeated",
    )


def data_path() -> Path | None:
    """$DATA_PATH, where commands look when no DATA is named."""
    where = os.environ.get("DATA_PATH")
    return Path(where) if where else None


def classes(text: str) -> list[int]:
    """`151-153,281` -> [151, 152, 153, 281]"""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        try:
            own = range(int(first), int(last if dash else first) + 1)
        except ValueError:
            own = range(0)
        if not own or own[0] < 0 or own[-1] > 999:
            raise argparse.ArgumentTypeError("ImageNet classes are 0 to 999, such as 151-268,281")
        found += own
    return found


def names(text: str) -> list[str]:
    """`apple, pear` -> [apple, pear], two or more that a model card takes as labels."""
    found = [name.strip() for name in text.split(",") if name.strip()]
    if len(found) < 2:
        raise argparse.ArgumentTypeError("at least two names are needed, with a comma between")
    if len({*found, NEITHER, SEVERAL}) != len(found) + 2:
        raise argparse.ArgumentTypeError(
            f"names must differ from each other, from {NEITHER!r} and {SEVERAL!r}"
        )
    return found


def callbacks(text: str) -> Callable[[], Any]:
    """`my_callbacks:make` -> that function of a module in the working folder, or installed."""
    name, _, function = text.partition(":")
    try:
        found = getattr(importlib.import_module(name), function)
    except Exception as error:  # whatever a module raises while it is read
        raise argparse.ArgumentTypeError(f"MODULE:FUNCTION is wanted ({error})") from error
    if not callable(found):
        raise argparse.ArgumentTypeError(f"{text} is no function")
    return found


def held(text: str) -> tuple[Path, float]:
    """`folder:0.5` -> (folder, 0.5); `folder` -> (folder, 1.0)"""
    folder, colon, part = text.rpartition(":")
    try:
        float(part)
    except ValueError:  # a colon of the folder's own
        return Path(text), 1.0
    return (Path(folder), share(part)) if colon else (Path(text), 1.0)


def _number(kind: type[T], holds: Callable[[T], bool], words: str) -> Callable[[str], T]:
    """A finite number for which something holds; `words` say what, after "must"."""

    def parse(text: str) -> T:
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no {_KINDS[kind]}") from None
        if not math.isfinite(value) or not holds(value):
            raise argparse.ArgumentTypeError(f"must {words}")
        return value

    return parse


_KINDS = {float: "number", int: "whole number"}
share = _number(float, lambda x: 0 < x < 1, "lie between 0 and 1")
share_or_0 = _number(float, lambda x: 0 <= x < 1, "be at least 0 and below 1")
proportion = _number(float, lambda x: 0 <= x <= 1, "be 0 to 1")
weight = _number(float, lambda x: x >= 0, "be at least 0")
rate = _number(float, lambda x: 0 < x <= 1, "be above 0 and at most 1")
whole = _number(int, lambda x: 0 <= x < 2**32, "be 0 or more, and below 2**32")
positive = _number(int, lambda x: x >= 1, "be at least 1")
above_0 = _number(float, lambda x: x > 0, "be above 0")
number = _number(float, lambda x: True, "be finite")
port = _number(int, lambda x: 0 <= x < 2**16, "be 0 to 65535")
size = _number(int, lambda x: 16 <= x <= 1024, "lie between 16 and 1024")


def image_file(text: str) -> Path:
    """A file that a picture can be written to: its ending names a format, its folder is there."""
    path = Path(text)
    if Image.registered_extensions().get(path.suffix.lower()) not in Image.SAVE:
        raise argparse.ArgumentTypeError(f"{path.name} does not end like a picture: .png, .jpg")
    return output_file(text)


def html_file(text: str) -> Path:
    """A page that can be written: it ends in .html, its folder is there."""
    path = Path(text)
    if path.suffix.lower() not in (".html", ".htm"):
        raise argparse.ArgumentTypeError(f"{path.name} does not end in .html")
    return output_file(text)


def output_file(text: str) -> Path:
    """A file that can be written: it is none yet or a file, its folder is there and writable."""
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{path} is a folder")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{path} cannot be written")
    return path
