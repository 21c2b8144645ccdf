"""Pictures in, upright RGB pixels out: `decode` for training and serving alike."""

from common.images.decoder import (
    LARGEST_AT_ONCE,
    MAX_MEMORY,
    Picture,
    decode,
    encode,
    load_image,
    preview,
)

__all__ = ["LARGEST_AT_ONCE", "MAX_MEMORY", "Picture", "decode", "encode", "load_image", "preview"]
