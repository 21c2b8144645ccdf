"""Options that recipes share, so that they are called and explained alike everywhere."""

import argparse
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PIL import Image

from common.model.prediction import NEITHER, SEVERAL
from train.photos.balance import UNEVEN

T = TypeVar("T", int, float)
CACHE = Path(".cache/features")
HEADS = ("gap", "flatten")


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


def recipe(
    parser: argparse.ArgumentParser, *, side: int | None, epochs: int, batch: int = 32
) -> None:
    """What every recipe takes.

    Args:
        side: default side of the square that photos are stretched to, in pixels; None for that
            which the backbone was trained on.
        epochs: default number, at most.
    """
    data(parser)
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
    add(
        "--extra",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="more training photos: class folders of the same names; may be repeated",
    )
    add(
        "--held",
        type=held,
        action="append",
        default=[],
        metavar="FOLDER[:SHARE]",
        help="class folders on which choices are made, in place of --held-share; with a share only"
        " that part of them, by the hash of each file. None of these photos is learned from, even"
        " if it is in --extra, too. May be repeated",
    )
    add("--version", default="1", help="version in the model card (default: 1)")
    add("--overwrite", action="store_true", help="replace the model folder if it is there")
    add("--resume", action="store_true", help="go on after the last epoch of an interrupted run")
    add("--seed", type=whole, default=0, help="of everything random (default: 0)")
    add(
        "--held-share",
        type=share,
        default=0.1,
        metavar="SHARE",
        help="share of the training photos on which choices are made (default: 0.1)",
    )
    add(
        "--class-weights",
        choices=("auto", "none"),
        default="auto",
        help=f"auto: where a class has over {UNEVEN} times the photos of another, photos of small"
        " classes count for more while learning (default); none: never",
    )
    add(
        "--size",
        type=size,
        default=side,
        metavar="PIXELS",
        help="photos are stretched to a square of this side (default:"
        f" {side or 'that which the backbone was trained on'})",
    )
    add("--epochs", type=positive, default=epochs, help=f"at most (default: {epochs})")
    add("--batch", type=positive, default=batch, help=f"photos in a batch (default: {batch})")
    add("--no-photos", action="store_true", help="leave photos out of the report")
    add("--tensorboard", type=Path, metavar="DIR", help="write logs that TensorBoard opens")


def learning(
    parser: argparse.ArgumentParser, *, learning_rate: float, patience: int, dropout: float
) -> None:
    """How a recipe learns; the defaults are its own."""
    add = parser.add_argument
    add(
        "--learning-rate",
        type=rate,
        default=learning_rate,
        metavar="RATE",
        help=f"at its peak (default: {learning_rate:g})",
    )
    add(
        "--patience",
        type=positive,
        default=patience,
        metavar="EPOCHS",
        help=f"epochs without a lower validation loss before stopping (default: {patience})",
    )
    add(
        "--dropout",
        type=share_or_0,
        default=dropout,
        metavar="SHARE",
        help=f"in the head (default: {dropout})",
    )


def backbone(parser: argparse.ArgumentParser, default: str, *, head: bool = True) -> None:
    """What recipes with a pretrained network take.

    Args:
        default: name of the network that is taken where none is asked for.
        head: whether the kind of head can be chosen.
    """
    add = parser.add_argument
    add(
        "--backbone",
        default=default,
        metavar="NAME",
        help="an ImageNet network: EfficientNetLite0 to 2, whose weights are installed, or one of"
        f" keras.applications, whose weights are downloaded (default: {default})",
    )
    add(
        "--weights",
        default="imagenet",
        metavar="imagenet|none|FILE",
        help="its weights: downloaded, random, or of a file (default: imagenet)",
    )
    add(
        "--imagenet-head",
        metavar="imagenet|none|FILE",
        help="the network's own ImageNet head, which knows what is neither: downloaded, left out,"
        " or of an .npz file with kernel and bias (default: imagenet with --weights imagenet,"
        " else none)",
    )
    add(
        "--familiar",
        type=_classes,
        metavar="151-268,281",
        help="the ImageNet classes that are those of the labels (default: learned)",
    )
    add(
        "--cache",
        type=Path,
        default=CACHE,
        metavar="DIR",
        help=f"where bottleneck features are kept (default: {CACHE})",
    )
    if head:
        add(
            "--head",
            choices=HEADS,
            default="gap",
            help="gap: global average pooling, one dense layer (default);"
            " flatten: flatten, dense 256, dropout",
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


def _classes(text: str) -> list[int]:
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
