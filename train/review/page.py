"""The page of `train review` as one file, to be opened from disk: photos and suspects inside.

A page that is opened from disk can write no file: decisions stay in the browser's storage until
they are saved, by a key, in the format of DATA/review.jsonl.
"""

import hashlib
import json
from pathlib import Path

from common.atomic import write_file
from common.errors import ImageError
from common.images import preview
from train.report.pages import data_uri
from train.review.decisions import Decisions
from train.review.suspects import Suspect, as_json

PAGE = Path(__file__).with_name("page.html")
STATE = b'<script type="application/json" id="state">null</script>'
SIDE = 480
"""Longest side of a photo, in pixels."""


def write_page(
    file: Path, data: Path, suspects: list[Suspect], classes: tuple[str, ...], decisions: Decisions
) -> None:
    """Write the page of some suspects, with what was decided about them so far."""
    state = {
        "suspects": as_json(suspects),
        "classes": list(classes),
        "names": [one.photo for one in suspects],
        "pictures": [_picture(data / one.photo) for one in suspects],
        "lines": decisions.lines,
    }
    text = json.dumps(state)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    # A name may hold "</script>"; as an escape it ends nothing.
    content = json.dumps(state | {"id": digest}).replace("<", "\\u003c").encode()
    page = PAGE.read_bytes()
    assert STATE in page, "the page has a place for it"
    write_file(file, page.replace(STATE, STATE.replace(b"null", content)))


def _picture(file: Path) -> str:
    try:
        return data_uri(preview(file.read_bytes(), SIDE), "image/jpeg")
    except (OSError, ImageError):
        return ""
