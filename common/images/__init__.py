"""Pictures in, upright RGB pixels out: `decode` for training and serving alike."""

from common.images.decoder import (
    LARGEST_AT_ONCE,
    MAX_MEMORY,
    Picture,
    decode,
    encode,
    in_proportion,
    load_image,
    preview,
)
from common.images.region import WHOLE, Region

__all__ = [
    "LARGEST_AT_ONCE",
    "MAX_MEMORY",
    "WHOLE",
    "Picture",
    "Region",
    "decode",
    "encode",
    "in_proportion",
    "load_image",
    "preview",
]
