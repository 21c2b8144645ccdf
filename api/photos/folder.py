"""Draws photos from a folder on this machine, for Random and for the samples on the page."""

import hashlib
import os
import random
import re
import time
from pathlib import Path
from threading import Lock
from typing import ClassVar

from api.photos.photo import ANY, Photo
from api.photos.remote import TRIES, Fetch, SourceFailure
from common.errors import ImageError
from common.file_names import printable
from common.images import load_image
from common.model.prediction import NEITHER
from common.photo_files import find_photos, has_photo_suffix

# Of what calls itself a photo; HEIC, TIFF and cameras' own formats are not shown.
_SHOWN = re.compile(r"\.(?:jpe?g|jpe|jfif?|jif|pjpe?g|pjp|mpo|a?png|webp|gif|avif)$", re.IGNORECASE)
MAX_BYTES = 30 * 2**20
RESCAN_S = 300.0
"""Seconds after which the folder is scanned again."""


class Folder:
    """All photos below a folder. A subfolder named after a label (or its plural) is a subject.

    Which files count is decided in `common.photo_files`; links that lead out of the folder do not.
    """

    name: ClassVar[str] = "folder"
    title: ClassVar[str] = "The photo folder"

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._lock = Lock()
        self._files: dict[str, Path] = {}
        self._until = 0.0

    def photo(self, subject: str, words: str, fetch: Fetch) -> tuple[Photo, bytes]:
        """Draw a photo whose bytes are known to be a picture.

        Args:
            subject: the subfolder's name, or `any`.
            words, fetch: for other sources.

        Raises:
            SourceFailure: no photo of this subject, or none that can be read.
        """
        files = self.files()
        if subject != ANY:
            names = _names(subject)
            files = {key: path for key, path in files.items() if names & self._subjects(path)}
        if not files:
            raise SourceFailure(
                "holds no photos" if subject == ANY else f"has no subfolder “{subject}” with photos"
            )
        for key in random.sample(sorted(files), min(TRIES, len(files))):
            try:
                data = self.load(key)
                load_image(data, (32, 32))
            except (ImageError, LookupError):
                continue
            return self._describe(key, subject), data
        raise SourceFailure("holds photos that cannot be read")

    def files(self) -> dict[str, Path]:
        """Every photo of the folder by its id: a hash of its path, which reveals no path."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._files = {_id(path.relative_to(self._root)): path for path in self._walk()}
                self._until = time.monotonic() + RESCAN_S
            return self._files

    def samples(self, count: int) -> list[Photo]:
        """The same few photos at every call, spread over the subfolders."""
        by_parent: dict[Path, list[str]] = {}
        for key, path in sorted(self.files().items()):
            by_parent.setdefault(path.parent, []).append(key)
        rounds = max(map(len, by_parent.values()), default=0)
        keys = [
            group[i]
            for i in range(min(rounds, count))
            for _, group in sorted(by_parent.items())
            if i < len(group)
        ]
        return [self._describe(key, ANY) for key in keys[:count]]

    def load(self, key: str) -> bytes:
        """The bytes of a photo.

        Raises:
            LookupError: there is no such photo, or it cannot be read, or it is too large.
        """
        path = self.files().get(key)
        if path is None or not self._inside(path):  # it may have become a link since
            raise LookupError(key)
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise LookupError(key) from error
        if len(data) > MAX_BYTES:
            raise LookupError(key)
        return data

    def _walk(self) -> list[Path]:
        found = find_photos(self._root, inside=True).photos
        return [p for p in found if _SHOWN.search(p.name) or not has_photo_suffix(p.name)]

    def _inside(self, path: Path) -> bool:
        real = path.resolve()
        return real.is_file() and real.is_relative_to(self._root)

    def _subjects(self, path: Path) -> set[str]:
        return {_plain(part) for part in path.relative_to(self._root).parts[:-1]}

    def _describe(self, key: str, subject: str) -> Photo:
        stem = printable(self._files[key].stem) if key in self._files else key
        return Photo(
            source=self.name,
            id=key,
            title=" ".join(re.split(r"[\s_.-]+", stem)).strip() or "Untitled",
            author=None,
            licence=None,
            licence_url=None,
            page_url=None,
            image_url=None,
            subject=subject,
            raw={"id": key},
        )


def _id(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()


def _names(label: str) -> set[str]:
    """What a subfolder for the label may be called: `cat`, `cats`, `fox`, `foxes`, `puppies` …

    That of *neither* may have the name that it has in training, `other`, too.
    """
    name = _plain(label)
    if name == NEITHER:
        return {name, "other", "others"}
    return {name, f"{name}s", f"{name}es", re.sub("y$", "ies", name)}
