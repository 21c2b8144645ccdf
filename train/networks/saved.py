"""Reads saved networks of this project: whoever imports this knows all of its own layers."""

from pathlib import Path

import keras

from train.networks import heads, imagenet_head

OWN_LAYERS = (heads.Anywhere, imagenet_head.Distillation)
"""Keras finds these by name only once their modules are imported."""


def load(file: Path) -> keras.Model:
    """A network that a recipe has saved."""
    return keras.models.load_model(file, compile=False)
