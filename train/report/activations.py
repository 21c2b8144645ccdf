"""What the convolutions of a network answer to a picture, as arrays and as one image."""

import keras
import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from common.errors import DataError
from train.networks import parts

TILE, GAP, CAPTION = 96, 4, 16


def activations(
    model: keras.Model, pictures: NDArray[np.uint8], layers: int
) -> dict[str, NDArray[np.float32]]:
    """What convolutions answer.

    Args:
        pictures: uint8 (batch, height, width, 3).
        layers: at most so many, evenly spread from first to last.

    Returns:
        layer name -> float32 (batch, rows, columns, channels), in the order of the network.

    Raises:
        DataError: the model has no convolution.
    """
    inner = parts.backbone(model)
    found = [layer for layer in inner.layers if "Conv" in type(layer).__name__]
    if not found:
        raise DataError("This model has no convolution to look into.")
    which = sorted({int(i) for i in np.linspace(0, len(found) - 1, min(layers, len(found)))})
    x = pictures
    if inner is not model:  # what the nested network takes: scaled pictures
        before = model.layers[model.layers.index(inner) - 1].output
        x = parts.inference(keras.Model(model.input, before))(pictures)
    look = keras.Model(inner.input, {found[i].name: found[i].output for i in which})
    answers = parts.inference(look)(x)
    return {found[i].name: answers[found[i].name] for i in which}


def sheet(
    picture: NDArray[np.uint8], seen: dict[str, NDArray[np.float32]], channels: int
) -> Image.Image:
    """Draw activations: the picture, then a row for each layer.

    Args:
        picture: uint8 (height, width, 3).
        seen: layer name -> (1, rows, columns, channels).
    """
    step = TILE + GAP
    width, height = channels * step + GAP, TILE + 2 * GAP + len(seen) * (step + CAPTION)
    image = Image.new("RGB", (width, height), "white")
    image.paste(Image.fromarray(picture).resize((TILE, TILE)), (GAP, GAP))
    pen = ImageDraw.Draw(image)
    viridis = colormaps["viridis"]
    for row, (name, answers) in enumerate(seen.items()):
        top = TILE + 2 * GAP + row * (step + CAPTION)
        rows, columns, depth = answers.shape[1:]
        pen.text((GAP, top), f"{name}  {rows}x{columns}x{depth}", fill="black")
        maps = np.maximum(answers[0], 0)
        strongest = np.argsort(-maps.mean(axis=(0, 1)), kind="stable")[:channels]
        for column, channel in enumerate(strongest):
            tile = maps[..., channel]
            colours = viridis(tile / max(float(tile.max()), 1e-6))[..., :3]
            pixels = Image.fromarray((colours * 255).astype(np.uint8))
            place = (GAP + column * step, top + CAPTION)
            image.paste(pixels.resize((TILE, TILE), Image.Resampling.NEAREST), place)
    return image
