"""HTML pages that hold all they show: the templates, and pictures as data addresses."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray

from common.errors import ImageError
from common.images import encode, in_proportion

SIDE = 200
"""Longest side of a photo on a page, in pixels."""
_TEMPLATES = Environment(
    loader=PackageLoader("train.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)


def render(template: str, **values: Any) -> str:
    """A page from one of train/report/templates."""
    return _TEMPLATES.get_template(template).render(**values)


def thumbnail(file: Path) -> NDArray[np.uint8] | None:
    """A photo in its own proportions, at most `SIDE`, uint8 (height, width, 3); None if gone."""
    try:
        return in_proportion(file.read_bytes(), SIDE)
    except (OSError, ImageError):
        return None


def jpeg(pixels: NDArray[np.uint8]) -> str:
    """RGB pixels, uint8 (height, width, 3), as a data address."""
    return data_uri(encode(pixels), "image/jpeg")


def data_uri(data: bytes, kind: str) -> str:
    """A file of some media type as a data address."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
