"""Keeps photos that visitors gave because the answer was wrong, for training; off by default.

FEEDBACK_FOLDER/<model>/photos/<label>/<day>/ is for `python -m train … --extra`; photos of none of
the labels, or of several, lie in FEEDBACK_FOLDER/<model>/others/<verdict>/<day>/.
"""

import fcntl
import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from api.settings import Settings, SettingsError
from common.atomic import write_file
from common.model.card import ModelDescription
from common.model.prediction import NEITHER, SEVERAL

OTHERS = (NEITHER, SEVERAL)

_log = logging.getLogger(__name__)


class FeedbackStore:
    """A folder of photos, bounded in number and bytes over all workers; thread-safe.

    Args:
        folder: must exist.
        max_files: photos that are kept.
        max_bytes: of all photos together.

    Raises:
        SettingsError: the folder does not exist, or cannot be written to.
    """

    def __init__(self, folder: Path, max_files: int, max_bytes: int) -> None:
        if not folder.is_dir():
            raise SettingsError(f"FEEDBACK_FOLDER={folder}: there is no such folder.")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise SettingsError(f"FEEDBACK_FOLDER={folder}: this cannot be written to.")
        self._folder = folder
        self._max_files = max_files
        self._max_bytes = max_bytes

    @classmethod
    def of(cls, settings: Settings) -> "FeedbackStore | None":
        """The store that the settings ask for; None where feedback is off."""
        if settings.feedback_folder is None:
            return None
        return cls(
            settings.feedback_folder,
            settings.feedback_max_files,
            settings.feedback_max_mb * 2**20,
        )

    def keep(self, jpeg: bytes, card: ModelDescription, label: str) -> bool:
        """Keep a photo, unless there is no room left or it is there already.

        Args:
            jpeg: a file that was encoded here, never one that a visitor sent.
            card: of the model whose answer was wrong.
            label: what is on the photo: one of the model's, `neither` or `several`.

        Returns:
            whether it is kept now.
        """
        name = f"{hashlib.sha256(jpeg).hexdigest()[:32]}.jpg"
        try:
            with self._locked():
                sizes = {path.name: path.stat().st_size for path in self._folder.rglob("*.jpg")}
                if name in sizes:
                    return True
                if len(sizes) >= self._max_files:
                    return False
                if sum(sizes.values()) + len(jpeg) > self._max_bytes:
                    return False
                folder = self._place(card, label) / datetime.now(UTC).strftime("%Y-%m-%d")
                folder.mkdir(parents=True, exist_ok=True)
                write_file(folder / name, jpeg)
                return True
        except OSError as error:
            _log.error("feedback cannot be kept: %s", error)
            return False

    def _place(self, card: ModelDescription, label: str) -> Path:
        model = self._folder / card.name
        if label in OTHERS:
            return model / "others" / label
        for name in card.labels:  # training wants a folder for each class, empty ones as well
            (model / "photos" / _as_name(name)).mkdir(parents=True, exist_ok=True)
        return model / "photos" / _as_name(label)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One worker at a time counts and writes; the lock of one that is killed is released."""
        with (self._folder / ".lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _as_name(label: str) -> str:
    """A label as the name of a folder; nearly all labels are valid names as they are."""
    name = label.replace("/", "∕").replace("\0", "")
    return f"_{name}" if name.startswith(".") or not name else name
