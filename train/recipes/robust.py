"""Robust: a network that has seen photos as people's arrive, and says more than a label.

    python -m train robust --data DATA --out models/pets --others OTHERS

It learns from views of the photos: turned, in a screenshot, small, dark, compressed, two in one
picture (`train.views`). It tells *neither* by photos of other things (DATA/other, or --others),
*several* where two labels are in one picture, and sees when a picture lies on its side. The lower
part of the backbone stays as it is, and is asked once about each view; the upper part and the
heads learn from what it said. With --deeper-views, more of the backbone learns at the end, from
other views; it takes four times as long for each, and helps most with small and poor pictures.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import keras
import numpy as np

from common.errors import DataError
from common.file_names import printable
from train import arguments
from train.calibration.rejection import Rejection
from train.calibration.robust import calibrate, lookalikes
from train.export.export_run import export_run
from train.export.onnx_runner import Runner, onnx_runner
from train.learning.runs import Run, State
from train.learning.settings import BackboneSettings
from train.learning.training import fit
from train.networks import backbones, heads, parts
from train.networks.divided import assembled, copy_heads, divide, learner
from train.networks.imagenet_head import head_source, load_head
from train.photos.dataset import Photos
from train.photos.others import OTHER, read_others, refuse_labels, split_by_kind
from train.recipes import options
from train.views.features import Rows, Views, view_features

VALIDATION = 0.125
"""Views for choices, as a share of those to learn from."""
WARM_UP = 0.25
"""Share of the views on which the heads learn alone, before the backbone moves."""
WARM_RATE = 1e-3
THUMBNAILS = 0.5
"""Their share of the disturbances at the end, when layers learn that read fine detail."""
SHOWN = 10
"""Photos of other things that look like a label: the first are named."""


@dataclass(kw_only=True)
class Robust(BackboneSettings):
    recipe: ClassVar[str] = "robust"

    epochs: int = 3
    batch: int = 64
    learning_rate: float = 2e-4
    patience: int = 3
    dropout: float = 0.2
    backbone: str = "EfficientNetLite2"
    others: Sequence[tuple[Path, float]] = ()
    """Folders of photos that show none of the labels, beside DATA/other; which share of each."""
    views: int = 16384
    """To learn from."""
    learn_from: str = "block15_project_bn"
    """The last layer of the backbone that stays as it is."""
    deeper_views: int = 0
    """To learn from at the end, with more of the backbone."""
    deeper_from: str = "block6_add"
    """The last layer of the backbone that stays as it is, then, too."""


@dataclass(frozen=True)
class Stage:
    """What is learned at a time: views, and the part of the backbone that learns from them."""

    name: str
    """Of its checkpoint."""
    views: int
    learn_from: str
    """The last layer that stays as it is."""
    seed: int
    """Of the views to learn from; those for choices have the next one."""
    thumbnails: float | None = None
    """Which share of all disturbances they are; None: the usual one."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.recipe(parser, Robust)
    options.backbone(parser, Robust)
    arguments.others(
        parser,
        "to learn *neither* from, beside those of DATA/other; with a share only that part, by kind,"
        " so that `stress` can measure on the rest",
    )
    add = parser.add_argument
    add(
        "--views",
        type=arguments.positive,
        default=Robust.views,
        metavar="NUMBER",
        help="views to learn from (default: 16384)",
    )
    add(
        "--learn-from",
        default=Robust.learn_from,
        metavar="LAYER",
        help="the last layer of the backbone that stays as it is (default: that of"
        " EfficientNetLite2 after which maps are 9 x 9)",
    )
    add(
        "--deeper-views",
        type=arguments.whole,
        default=Robust.deeper_views,
        metavar="NUMBER",
        help="views to learn from at the end, with more of the backbone: half of their"
        " disturbances are thumbnails (default: 0, none)",
    )
    add(
        "--deeper-from",
        default=Robust.deeper_from,
        metavar="LAYER",
        help="the last layer that stays as it is, then, too (default: that of EfficientNetLite2"
        " after which maps are 33 x 33)",
    )


def run(args: argparse.Namespace) -> int:
    train(Robust(**vars(args)))
    return 0


def train(settings: Robust) -> None:
    """Train, and write the model folder.

    Raises:
        DataError: what was asked for cannot be done; see its message.
    """
    settings = replace(settings, size=settings.size or backbones.default_size(settings.backbone))
    folders = list(settings.others)
    if (settings.data / OTHER).is_dir():
        folders.append((settings.data / OTHER, 1.0))
    run = Run.begin(settings)
    others = read_others(folders)
    refuse_labels(others, run.photos)
    known, strange = split_by_kind(others, settings.held_share) if others else (None, None)

    size = (settings.size, settings.size)
    backbone = backbones.build(settings.backbone, settings.weights, size, settings.seed)
    source = head_source(settings.weights, settings.imagenet_head)
    head = load_head(settings.backbone, source) if source else None
    stages = [Stage("robust", settings.views, settings.learn_from, settings.seed)]
    if settings.deeper_views:
        deeper = settings.deeper_views, settings.deeper_from, settings.seed + 3, THUMBNAILS
        stages.append(Stage("deeper", *deeper))
    # Before anything learns: the teacher of each is the backbone as it is now.
    divided = [
        divide(settings.backbone, backbone, stage.learn_from, size, head) for stage in stages
    ]
    if settings.deeper_views:
        require_deeper(settings, divided[-1][1])
    history: list[dict[str, float]] = []
    network = None
    for stage, (frozen, upper) in zip(stages, divided, strict=True):
        network, runner, more = learn(
            stage, frozen, upper, network, head, (known, strange), run, settings
        )
        history += more
    model = assembled(
        settings.backbone, backbone, network, len(run.photos.labels), settings.dropout, head
    )
    calibration = calibrate(
        network, runner, size, run.photos.validation, settings.seed + 2, settings.familiar
    )
    if strange:
        rejection = calibration.familiarity
        assert isinstance(rejection, Rejection), "made by calibrate"
        found = lookalikes(network, runner, size, strange, rejection)
        for path in found[:SHOWN]:
            print(f"looks like one of the labels: {printable(path)}", file=sys.stderr)
        if len(found) > SHOWN:
            print(f"… and {len(found) - SHOWN} more photos of other things", file=sys.stderr)
    provenance = backbones.provenance(settings.backbone, settings.weights)
    export_run(run, model, history, provenance, calibration, others=strange)


def require_deeper(settings: Robust, upper: keras.Model) -> None:
    """Refuse to let less of the backbone learn at the end than before.

    Raises:
        DataError: the layer of --learn-from is not in the part that is to learn at the end.
    """
    if settings.learn_from not in {layer.name for layer in upper.layers}:
        raise DataError(
            f"--deeper-from has to name a layer before {settings.learn_from}, from which on the"
            f" backbone learns first; {settings.deeper_from} is not."
        )


def learn(
    stage: Stage,
    frozen: keras.Model,
    upper: keras.Model,
    start: keras.Model | None,
    head: tuple[np.ndarray, np.ndarray] | None,
    others: tuple[Photos | None, Photos | None],
    run: Run,
    settings: Robust,
) -> tuple[keras.Model, Runner, list[dict[str, float]]]:
    """Draw views, and let a part of the network learn from them.

    Args:
        frozen: uint8 pictures in, features out.
        upper: features in, maps out; it learns.
        start: what learned before, with heads to go on from; None: new ones learn first.
        head: that of ImageNet, if it is kept.
        others: photos of other things, to learn from and for choices.

    Returns:
        what learned, with the heads; the rest of the network; the history.
    """
    size = frozen.input_shape[1:3]
    known, strange = others
    drawn = Views(run.photos.train, known, size, stage.seed, stage.thumbnails)
    held = Views(run.photos.validation, strange, size, stage.seed + 1, stage.thumbnails)
    weights = backbones.weights_key(settings.weights, settings.seed)
    key = f"{settings.backbone} {weights} {stage.learn_from}"
    runner = onnx_runner(frozen, np.stack([drawn.draw(i).pixels for i in range(4)]))
    train = view_features(drawn, stage.views, runner, key, settings.cache)
    count = max(1, round(VALIDATION * stage.views))
    validation = view_features(held, count, runner, key, settings.cache)
    rows = Rows(train, settings.batch, settings.seed), Rows(validation, settings.batch)

    network = learner(upper, len(run.photos.labels), settings.dropout, head)
    model = parts.Learner(network, statistics=False)

    def fitted(
        name: str,
        rows: tuple[Rows, Rows],
        rate: float | keras.optimizers.schedules.LearningRateSchedule,
        epochs: int,
    ) -> State:
        model.compile(
            optimizer=keras.optimizers.Adam(rate),
            loss=heads.losses(imagenet=head is not None),
            loss_weights={key: heads.WEIGHTS[key] for key in network.output},
        )
        return fit(model, *rows, run, name, epochs=epochs, patience=settings.patience)

    if start is not None:
        copy_heads(start, network)
    else:
        upper.trainable = False
        first = Rows(train.first(max(1, round(WARM_UP * len(train)))), settings.batch, run.seed)
        fitted("heads", (first, rows[1]), WARM_RATE, 1)
        first.close()
    upper.trainable = True
    steps = settings.epochs * len(rows[0])
    warm_up = max(1, steps // 20)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warm_up), warmup_target=settings.learning_rate, warmup_steps=warm_up
    )
    state = fitted(stage.name, rows, schedule, settings.epochs)
    for part in rows:
        part.close()
    return network, runner, state.history
