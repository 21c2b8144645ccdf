"""Bottleneck features: a frozen ImageNet network, and a small head trained on its features.

    python -m train bottleneck --data DATA --out models/pets
    python -m train bottleneck --data DATA --out models/pets --backbone MobileNetV2 --weights FILE
    python -m train bottleneck --data DATA --out models/pets --backbone VGG16 --head flatten

Each photo goes through the network once; the features are cached, so that a second run starts
at once. With EfficientNetLite2, the default: about a minute on two cores for 2,048 photos (114
processor seconds, 1.5 GB of memory), accuracy 0.994 on the 832 of the tutorials' split. With
MobileNetV2: from 65 processor seconds, accuracy 0.983 to 0.987.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, get_args

import keras

from train.calibration.calibration import Calibration
from train.export.export_run import export_run, familiar
from train.learning.features import Features
from train.learning.runs import Run, State
from train.learning.settings import BackboneSettings
from train.learning.training import fit
from train.networks import backbones, imagenet_head, parts
from train.photos.batches import Batches
from train.photos.dataset import Photos
from train.recipes import options

STEPS = 64
"""Of the head's training between two looks of Python at it, which cost more than the steps."""


Head = Literal["gap", "flatten"]


@dataclass(kw_only=True)
class Bottleneck(BackboneSettings):
    recipe: ClassVar[str] = "bottleneck"

    epochs: int = 60
    learning_rate: float = 1e-3
    patience: int = 8
    dropout: float = 0.2
    backbone: str = "EfficientNetLite2"
    head: Head = "gap"
    """Global average pooling and one dense layer, or flatten, dense 256 and dropout."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.recipe(parser, Bottleneck)
    options.backbone(parser, Bottleneck)
    head_option(parser)


def head_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--head",
        choices=get_args(Head),
        default=Bottleneck.head,
        help="gap: global average pooling, one dense layer (default);"
        " flatten: flatten, dense 256, dropout",
    )


def run(args: argparse.Namespace) -> int:
    train(Bottleneck(**vars(args)))
    return 0


def train(settings: Bottleneck) -> None:
    """Train, and write the model folder.

    Raises:
        DataError: what was asked for cannot be done; see its message.
    """
    settings = replace(settings, size=settings.size or backbones.default_size(settings.backbone))
    run = Run.begin(settings)
    model, state, choose = train_head(run, settings)
    calibration = choose and choose()
    del choose  # and with it what is needed no more: the export takes the most memory
    provenance = backbones.provenance(settings.backbone, settings.weights)
    export_run(run, model, state.history, provenance, calibration)


def train_head(
    run: Run, settings: Bottleneck
) -> tuple[keras.Model, State, Callable[[], Calibration] | None]:
    """A frozen backbone with a trained head: pictures in, logits out.

    With a head on pooled features also what makes its choices, on the features.
    """
    size = (settings.size, settings.size)
    backbone = backbones.build(settings.backbone, settings.weights, size, settings.seed)
    backbone.trainable = False
    pictures = parts.pictures(size)
    maps = backbone(backbones.preprocess(settings.backbone, pictures))
    head = parts.head(settings.head, len(run.photos.labels), settings.dropout)

    # What does not learn is computed once: up to the pooling or flattening that starts the head.
    frozen = keras.Model(pictures, head[0](maps))
    weights = backbones.weights_key(settings.weights, settings.seed)
    key = f"{settings.backbone} {weights} {settings.head}"
    rows = Features(frozen, size, key, settings.cache)

    def batches(photos: Photos, seed: int | None = None) -> Batches:
        return Batches(rows(photos).__getitem__, photos, settings.batch, seed, ahead=False)

    # The layers of the head are shared: what the learner learns, this network knows.
    model = keras.Model(pictures, parts.apply(head[1:], frozen.output), name=settings.backbone)
    if settings.head == "gap":
        model = imagenet_head.keep_head(
            model, settings.backbone, settings.weights, settings.imagenet_head
        )

    inputs = keras.Input(frozen.output.shape[1:])
    start = keras.layers.Identity(name=head[0].name)
    learner = keras.Model(inputs, parts.apply([start, *head[1:]], inputs))
    learner.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        steps_per_execution=1 if keras.backend.backend() == "torch" else STEPS,
    )
    seed = settings.seed
    train, validation = batches(run.photos.train, seed), batches(run.photos.validation)
    state = fit(
        learner,
        train,
        validation,
        run,
        "head",
        epochs=settings.epochs,
        patience=settings.patience,
        class_weight=run.class_weights,
    )
    if settings.head != "gap":
        return model, state, None

    def choose() -> Calibration:
        network = learner
        if imagenet_head.has_head(model):
            network = imagenet_head.attach(
                learner, *model.get_layer(imagenet_head.OUTPUT).get_weights()
            )
        return Calibration.make(
            network, run.photos.train, run.photos.validation, familiar(run), rows
        )

    return model, state, choose
