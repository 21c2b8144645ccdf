"""Real photos and weights, if they lie beside the checkout; otherwise their tests are skipped."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("DOGORCAT_SHARED", ROOT.parent / "shared"))
PHOTOS = SHARED / "data" / "kaggle_cat_dog"

needs_shared = pytest.mark.skipif(
    not PHOTOS.is_dir(), reason=f"no photos at {PHOTOS} (DOGORCAT_SHARED says where they are)"
)
