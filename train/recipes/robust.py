"""Robust: a network that has seen photos as people's arrive, and says more than a label.

    python -m train robust --data DATA --out models/pets --others OTHERS

It learns from views of the photos: turned, in a screenshot, small, dark, compressed, two in one
picture (`train.views`). It tells *neither* by photos of other things (DATA/other, or --others),
*several* where two labels are in one picture, and sees when a picture lies on its side. The lower
part of the backbone stays as it is, and is asked once about each view; the upper part and the
heads learn from what it said.
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
from train.export.onnx_runner import onnx_runner
from train.learning.runs import Run, State
from train.learning.settings import BackboneSettings
from train.learning.training import fit
from train.networks import backbones, heads, parts
from train.networks.imagenet_head import OUTPUT, head_source, load_head
from train.photos.dataset import Photos
from train.photos.others import OTHER, read_others, split_by_kind
from train.recipes import options
from train.views.features import FEATURES, TEACHER, Rows, Views, view_features

VALIDATION = 0.125
"""Views for choices, as a share of those to learn from."""
WARM_UP = 0.25
"""Share of the views on which the heads learn alone, before the backbone moves."""
WARM_RATE = 1e-3
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
    refuse_labels(others, run)
    known, strange = split_by_kind(others, settings.held_share) if others else (None, None)

    size = (settings.size, settings.size)
    backbone = backbones.build(settings.backbone, settings.weights, size, settings.seed)
    source = head_source(settings.weights, settings.imagenet_head)
    head = load_head(settings.backbone, source) if source else None
    frozen, upper = divide(settings.backbone, backbone, settings.learn_from, size, head)

    views = Views(run.photos.train, known, size, settings.seed)
    weights = backbones.weights_key(settings.weights, settings.seed)
    key = f"{settings.backbone} {weights} {settings.learn_from}"
    runner = onnx_runner(frozen, np.stack([views.draw(i).pixels for i in range(4)]))
    train = view_features(views, settings.views, runner, key, settings.cache)
    held = Views(run.photos.validation, strange, size, settings.seed + 1)
    validation = view_features(
        held, round(VALIDATION * settings.views), runner, key, settings.cache
    )

    network = learner(upper, len(run.photos.labels), settings.dropout, head)
    history = learn(
        network,
        upper,
        Rows(train, settings.batch, settings.seed),
        Rows(validation, settings.batch),
        run,
        settings,
    )
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


def refuse_labels(others: Photos | None, run: Run) -> None:
    """Other things that are among the labels' photos would teach the opposite of what is meant.

    Raises:
        DataError: there are some; by content, not by name.
    """
    own = {*run.photos.train.digests, *run.photos.validation.digests, *run.photos.test.digests}
    if others is None:
        return
    both = [
        path for path, digest in zip(others.paths, others.digests, strict=True) if digest in own
    ]
    if both:
        raise DataError(
            f"{len(both)} photos of other things are photos of the labels, too, for example"
            f" {printable(both[0])}."
        )


def divide(
    name: str,
    backbone: keras.Model,
    layer: str,
    size: tuple[int, int],
    head: tuple[np.ndarray, np.ndarray] | None,
) -> tuple[keras.Model, keras.Model]:
    """What stays as it is, from pictures to features, and what learns, from features to maps.

    The first also says what the ImageNet head says now, so that it can be held to it.

    Raises:
        DataError: no such layer, or other paths lead past it.
    """
    try:
        features = backbone.get_layer(layer).output
        upper = keras.Model(features, backbone.output)
        lower = keras.Model(backbone.input, features)
    except ValueError as error:
        joins = [one.name for one in backbone.layers if isinstance(one, keras.layers.Add)]
        some = joins[-4:] or [one.name for one in backbone.layers[-8:-4]]
        raise DataError(
            f"{name} cannot be divided behind a layer {layer!r}; --learn-from takes, for example,"
            f" {', '.join(some)}."
        ) from error
    pictures = parts.pictures(size)
    x = lower(backbones.preprocess(name, pictures))
    outputs = {FEATURES: x}
    if head:
        teacher = keras.models.clone_model(upper)
        teacher.set_weights(upper.get_weights())
        pooled = keras.layers.GlobalAveragePooling2D()(teacher(x))
        dense = keras.layers.Dense(head[0].shape[1], name=TEACHER)
        outputs[TEACHER] = dense(pooled)
        dense.set_weights(list(head))
    return keras.Model(pictures, outputs), upper


def learner(
    upper: keras.Model, labels: int, dropout: float, head: tuple[np.ndarray, np.ndarray] | None
) -> keras.Model:
    """What learns: features in, all outputs of the heads out."""
    features = keras.Input(upper.input.shape[1:])
    outputs = heads.heads(upper(features), labels, dropout, imagenet=head is not None)
    network = keras.Model(features, outputs)
    if head:
        network.get_layer(OUTPUT).set_weights(list(head))
    return network


def assembled(
    name: str,
    backbone: keras.Model,
    network: keras.Model,
    labels: int,
    dropout: float,
    head: tuple[np.ndarray, np.ndarray] | None,
) -> keras.Model:
    """The whole network, pictures in: the backbone with what its upper part and heads learned."""
    pictures = parts.pictures(backbone.input_shape[1:3])
    maps = backbone(backbones.preprocess(name, pictures))
    model = keras.Model(
        pictures, heads.heads(maps, labels, dropout, imagenet=head is not None), name=name
    )
    for layer in network.layers:
        if layer.name in {*heads.WEIGHTS, "places", "turn_filters"} and layer.weights:
            model.get_layer(layer.name).set_weights(layer.get_weights())
    return model


def learn(
    network: keras.Model,
    upper: keras.Model,
    train: Rows,
    validation: Rows,
    run: Run,
    settings: Robust,
) -> list[dict[str, float]]:
    """Train the heads, then heads and upper part together; returns the history of the latter."""
    model = parts.Learner(network, statistics=False)
    imagenet = OUTPUT in network.output

    def stage(
        name: str,
        rows: Rows,
        rate: float | keras.optimizers.schedules.LearningRateSchedule,
        epochs: int,
    ) -> State:
        model.compile(
            optimizer=keras.optimizers.Adam(rate),
            loss=heads.losses(imagenet=imagenet),
            loss_weights={key: heads.WEIGHTS[key] for key in network.output},
        )
        return fit(model, rows, validation, run, name, epochs=epochs, patience=settings.patience)

    upper.trainable = False
    some = train.learned.first(round(WARM_UP * len(train.learned)))
    first = Rows(some, train.batch, run.seed)
    stage("heads", first, WARM_RATE, 1)
    upper.trainable = True
    steps = settings.epochs * len(train)
    warm_up = max(1, steps // 20)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warm_up, warmup_target=settings.learning_rate, warmup_steps=warm_up
    )
    return stage("robust", train, schedule, settings.epochs).history
