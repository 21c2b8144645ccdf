"""A part of a picture: read from text, turned with the picture, cut out before it is resized."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from common.images import WHOLE, Region, load_image, preview
from common.images.decoder import _sandbox  # noqa: PLC2701
