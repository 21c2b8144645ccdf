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
from train.learning.training import fit
from train.networks import backbones, heads, parts
from train.networks.imagenet_head import OUTPUT, head_source, load_head
from train.photos.dataset import Photos
from train.photos.others import OTHER, read_others, split_by_kind
from train.views.features import FEATURES, TEACHER, Rows, Views, view_features

VALIDATION = 0.125
"""Views for choices, as a share of those to learn from."""
WARM_UP = 0.25
"""Share of the views on which the heads learn alone, before the backbone moves."""
WARM_RATE = 1e-3
SHOWN = 10
"""Photos of other things that look like a label: the first are named."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.recipe(parser, side=None, epochs=3, batch=64)
    arguments.backbone(parser, "EfficientNetLite2", head=False)
    arguments.learning(parser, learning_rate=2e-4, patience=3, dropout=0.2)
    arguments.others(
        parser,
        "to learn *neither* from, beside those of DATA/other; with a share only that part, by kind,"
        " so that `stress` can measure on the rest",
    )
    add = parser.add_argument
    add(
        "--views",
        type=arguments.positive,
        default=16384,
        metavar="NUMBER",
        help="views to learn from (default: 16384)",
    )
    add(
        "--learn-from",
        default="block15_project_bn",
        metavar="LAYER",
        help="the last layer of the backbone that stays as it is (default: that of"
        " EfficientNetLite2 after which maps are 9 x 9)",
    )


def run(args: argparse.Namespace) -> int:
    args.size = args.size or backbones.default_size(args.backbone)
    folders = list(args.others)
    if (args.data / OTHER).is_dir():
        folders.append((args.data / OTHER, 1.0))
    run = Run.begin(args)
    others = read_others(folders)
    refuse_labels(others, run)
    known, strange = split_by_kind(others, args.held_share) if others else (None, None)

    size = (args.size, args.size)
    backbone = backbones.build(args.backbone, args.weights, size, args.seed)
    source = head_source(args.weights, args.imagenet_head)
    head = load_head(args.backbone, source) if source else None
    frozen, upper = divide(args.backbone, backbone, args.learn_from, size, head)

    views = Views(run.train, known, size, args.seed)
    key = f"{args.backbone} {backbones.weights_key(args.weights, args.seed)} {args.learn_from}"
    runner = onnx_runner(frozen, np.stack([views.draw(i).pixels for i in range(4)]))
    train = view_features(views, args.views, runner, key, args.cache)
    held = Views(run.validation, strange, size, args.seed + 1)
    validation = view_features(held, round(VALIDATION * args.views), runner, key, args.cache)

    network = learner(upper, len(run.labels), args.dropout, head)
    history = learn(
        network,
        upper,
        Rows(train, args.batch, args.seed),
        Rows(validation, args.batch),
        run,
    )
    model = assembled(args.backbone, backbone, network, len(run.labels), args.dropout, head)
    calibration = calibrate(network, runner, size, run.validation, args.seed + 2, args.familiar)
    if strange:
        rejection = calibration.familiarity
        assert isinstance(rejection, Rejection), "made by calibrate"
        found = lookalikes(network, runner, size, strange, rejection)
        for path in found[:SHOWN]:
            print(f"looks like one of the labels: {printable(path)}", file=sys.stderr)
        if len(found) > SHOWN:
            print(f"… and {len(found) - SHOWN} more photos of other things", file=sys.stderr)
    provenance = backbones.provenance(args.backbone, args.weights)
    return export_run(run, model, history, provenance, calibration)


def refuse_labels(others: Photos | None, run: Run) -> None:
    """Other things that are among the labels' photos would teach the opposite of what is meant.

    Raises:
        DataError: there are some; by content, not by name.
    """
    own = {*run.train.digests, *run.validation.digests, *run.test.digests}
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
    network: keras.Model, upper: keras.Model, train: Rows, validation: Rows, run: Run
) -> list[dict[str, float]]:
    """Train the heads, then heads and upper part together; returns the history of the latter."""
    settings = run.settings
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
        return fit(model, rows, validation, run, name, epochs=epochs, patience=settings["patience"])

    upper.trainable = False
    some = train.learned.first(round(WARM_UP * len(train.learned)))
    first = Rows(some, train.batch, run.seed)
    stage("heads", first, WARM_RATE, 1)
    upper.trainable = True
    steps = settings["epochs"] * len(train)
    warm_up = max(1, steps // 20)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warm_up, warmup_target=settings["learning_rate"], warmup_steps=warm_up
    )
    return stage("robust", train, schedule, settings["epochs"]).history
