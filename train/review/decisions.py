"""What a person decided about photos: a file that loses nothing, and its carrying out."""

import json
import os
import threading
from pathlib import Path
from typing import Any

from common.errors import DataError
from common.file_names import portable, printable

ACTIONS = ("keep", "relabel", "set_aside", "delete")
ASIDE = "set_aside"
"""Beside train/ and validation/: where photos go that show nothing of use, by part and class."""


class Decisions:
    """What was decided, in a file of one JSON object a line; the last one for a photo counts.

    Each line is on disk before the next photo is shown, so that nothing is lost when the program
    ends. Undoing is a line, too. A last line that is cut off was never confirmed to anybody: it is
    passed over, and gives way to the next.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lines: list[dict[str, Any]] = []
        self._whole = self._cut_off = 0  # bytes of the file with entries, and of one cut off
        self._lock = threading.Lock()  # the page's server asks from several threads
        if file.exists():
            self._read(file.read_bytes())

    def _read(self, content: bytes) -> None:
        for number, line in enumerate(content.splitlines(keepends=True), 1):
            try:
                entry = json.loads(line)
                _check(entry)
            except (ValueError, TypeError, KeyError) as error:
                syntax = isinstance(error, json.JSONDecodeError)
                if syntax and line.startswith(b"{") and not line.endswith(b"\n"):
                    self._cut_off = len(line)
                    return
                name = printable(self.file)
                raise DataError(f"{name}, line {number} is no decision: {error}.") from error
            self._lines.append(entry)
            self._whole += len(line)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """All entries, the oldest first."""
        return list(self._lines)

    def current(self) -> dict[str, dict[str, Any]]:
        """photo -> what holds of it now, in the order in which it was decided."""
        holds: list[dict[str, Any]] = []
        for entry in self._lines:
            if entry["action"] == "undo":
                if holds:
                    holds.pop()
            else:
                holds.append(entry)
        return {entry["photo"]: entry for entry in holds}

    def add(self, photo: str, action: str, label: str | None = None) -> None:
        """Record a decision; `undo` takes back the last one that still holds.

        Raises:
            ValueError: no such action, or a label where there should be none, or the reverse.
        """
        entry: dict[str, Any] = {"photo": photo, "action": action}
        if label is not None:
            entry["label"] = label
        _check(entry)
        with self._lock:
            with self.file.open("a+b") as stream:
                size = stream.seek(0, os.SEEK_END)
                if self._cut_off and size == self._whole + self._cut_off:
                    size = stream.truncate(self._whole)
                self._cut_off = 0
                stream.seek(max(size - 1, 0))
                ended = stream.read() in (b"", b"\n")
                stream.write((b"" if ended else b"\n") + json.dumps(entry).encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
            self._lines.append(entry)


def apply(data: Path, decisions: Decisions) -> list[str]:
    """Carry decisions out on the photos' folder; what was carried out already is left alone.

    All of them are looked at before the first photo is touched. A photo whose new folder has one of
    its name gets a number.

    Returns:
        a line for each photo that was moved or deleted.

    Raises:
        DataError: a photo of a decision is outside DATA, or a label is no folder's name.
    """
    holds = decisions.current()
    taken = {data / photo for photo in holds}  # applied again, a decision must not meet another
    plan: list[tuple[Path, Path | None]] = []
    for photo, entry in holds.items():
        target = _target(data, photo, entry)
        source = data / photo
        if not source.is_file() or target == source:
            continue
        if target is not None:
            target = _free(target, taken)
            taken.add(target)
        plan.append((source, target))
    done = []
    for source, target in plan:
        name = portable(source.relative_to(data))
        if target is None:
            source.unlink()
            done.append(f"deleted: {name}")
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
            done.append(f"moved: {name} to {portable(target.relative_to(data))}")
    return done


def _target(data: Path, photo: str, entry: dict[str, Any]) -> Path | None:
    """Where a photo belongs after a decision; None if nowhere."""
    parts = Path(photo).parts
    if Path(photo).is_absolute() or ".." in parts or len(parts) < 2:
        raise DataError(f"{printable(photo)} is no photo of a class folder of {printable(data)}.")
    match entry["action"]:
        case "keep":
            return data / photo
        case "set_aside":
            return data / ASIDE / photo
        case "delete":
            return None
    # The class is the folder above the photo's own level: part/class/… or class/….
    place = 1 if len(parts) > 2 and parts[0] in ("train", "validation") else 0
    label = Path(entry["label"]).name
    if label in ("", "..") or label != entry["label"] or "\0" in label:
        raise DataError(f"{printable(entry['label'])} is no class.")
    return data.joinpath(*parts[:place], label, *parts[place + 1 :])


def _free(target: Path, taken: set[Path]) -> Path:
    """The path itself, or with the first number that makes it one of its own."""
    number, free = 2, target
    while free in taken or os.path.lexists(free):
        free = target.with_stem(f"{target.stem}-{number}")
        number += 1
    return free


def _check(entry: dict[str, Any]) -> None:
    action, label = entry["action"], entry.get("label")
    if not isinstance(entry["photo"], str):
        raise ValueError("a photo's name is text")
    if action not in (*ACTIONS, "undo"):
        raise ValueError(f"{action!r} is none of {', '.join(ACTIONS)} and undo")
    if (action == "relabel") != isinstance(label, str):
        raise ValueError("relabel names a label, other actions none")
