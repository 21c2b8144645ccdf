"""Options that recipes share, so that they are called and explained alike everywhere."""

import argparse
from pathlib import Path

from train import arguments
from train.learning.settings import BackboneSettings, Settings
from train.photos.balance import UNEVEN


def recipe(parser: argparse.ArgumentParser, of: type[Settings]) -> None:
    """What every recipe takes.

    Args:
        of: the recipe's settings, whose defaults are the options'.
    """
    arguments.data(parser)
    arguments.model_to_write(parser)
    add = parser.add_argument
    add(
        "--extra",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="more training photos: class folders of the same names; may be repeated",
    )
    arguments.held_folders(
        parser,
        "class folders on which choices are made, in place of --held-share; with a share only"
        " that part of them, by the hash of each file. None of these photos is learned from, even"
        " if it is in --extra, too. May be repeated",
    )
    add("--version", default="1", help="version in the model card (default: 1)")
    add("--resume", action="store_true", help="go on after the last epoch of an interrupted run")
    add(
        "--held-share",
        type=arguments.share,
        default=0.1,
        metavar="SHARE",
        help="share of the training photos on which choices are made (default: 0.1)",
    )
    add(
        "--class-weights",
        choices=("auto", "none"),
        default=of.class_weights,
        help=f"auto: where a class has over {UNEVEN} times the photos of another, photos of small"
        " classes count for more while learning (default); none: never",
    )
    add(
        "--size",
        type=arguments.size,
        default=of.size,
        metavar="PIXELS",
        help="photos are stretched to a square of this side (default:"
        f" {of.size or 'that which the backbone was trained on'})",
    )
    add(
        "--epochs",
        type=arguments.positive,
        default=of.epochs,
        help=f"at most (default: {of.epochs})",
    )
    add(
        "--batch",
        type=arguments.positive,
        default=of.batch,
        help=f"photos in a batch (default: {of.batch})",
    )
    add("--tensorboard", type=Path, metavar="DIR", help="write logs that TensorBoard opens")
    add(
        "--callbacks",
        type=arguments.callbacks,
        metavar="MODULE:FUNCTION",
        help="a function, without arguments, that returns a list of Keras callbacks to train with",
    )
    add(
        "--learning-rate",
        type=arguments.rate,
        default=of.learning_rate,
        metavar="RATE",
        help=f"at its peak (default: {of.learning_rate:g})",
    )
    add(
        "--patience",
        type=arguments.positive,
        default=of.patience,
        metavar="EPOCHS",
        help=f"epochs without a lower validation loss before stopping (default: {of.patience})",
    )
    add(
        "--dropout",
        type=arguments.share_or_0,
        default=of.dropout,
        metavar="SHARE",
        help=f"in the head (default: {of.dropout})",
    )


def backbone(parser: argparse.ArgumentParser, of: type[BackboneSettings]) -> None:
    """What recipes with a pretrained network take."""
    add = parser.add_argument
    add(
        "--backbone",
        default=of.backbone,
        metavar="NAME",
        help="an ImageNet network: EfficientNetLite0 to 2, whose weights are installed, or one of"
        f" keras.applications, whose weights are downloaded (default: {of.backbone})",
    )
    add(
        "--weights",
        default=of.weights,
        metavar="imagenet|none|FILE",
        help="its weights: installed or downloaded, random, or of a file (default: imagenet)",
    )
    add(
        "--imagenet-head",
        metavar="imagenet|none|FILE",
        help="the network's own ImageNet head, which knows what is neither: as the weights, left"
        " out, or of an .npz file with kernel and bias (default: imagenet with --weights imagenet,"
        " else none)",
    )
    add(
        "--familiar",
        type=arguments.classes,
        metavar="151-268,281",
        help="the ImageNet classes that are those of the labels (default: learned)",
    )
    arguments.cache(parser, of.cache)
