"""Decides which files and folders count as photos, for all commands and the service.

The name decides first, since archives and remote folders have names, too: what is hidden or belongs
to an operating system never counts; a file with a photo's suffix counts even if it is damaged, so
that the damage is reported. For any other file the first bytes decide.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from common.file_names import printable

HEAD = 32
"""Bytes of a file's beginning that `is_photo` looks at."""


class Reason(StrEnum):
    """Why a file or folder does not count."""

    SYSTEM = "hidden, or of an operating system or program"
    NO_PHOTO = "no photo"
    LINK = "a link that leads nowhere or back"
    OUTSIDE = "a link that leads out of the folder"
    LOCKED = "may not be opened"
    SPECIAL = "no ordinary file"
    UNSAFE = "a path that leads out of the archive"
    HUGE = "too large for a photo"
    ARCHIVE = "an archive inside: unpack it, if its photos are wanted"
    ENCRYPTED = "encrypted"
    NO_CLASS = "in no class folder"
    REPEATS = "repeats a photo of the other side"
    OTHER_NUMBER = "its number was not asked for"


@dataclass(frozen=True, order=True)
class PassedOver:
    """A file or folder that does not count, and why; what lies in such a folder is not listed."""

    path: str
    """Below the folder or archive, with `/` between its parts."""
    reason: Reason


@dataclass
class PhotoFiles:
    """What was found below a folder."""

    photos: list[Path] = field(default_factory=list)
    """Always in the same order: the files of a folder by name, then its subfolders."""
    passed_over: list[PassedOver] = field(default_factory=list)

    def pass_over(self, path: Path, top: Path, reason: Reason) -> None:
        self.passed_over.append(PassedOver(path.relative_to(top).as_posix(), reason))


def find_photos(folder: Path, *, inside: bool = False) -> PhotoFiles:
    """Every file below a folder that counts as a photo, and what was passed over.

    Links to files and folders are followed; one that leads back to a folder it lies in is not.

    Args:
        folder: where to look; its own name is not judged.
        inside: pass over links that lead out of the folder.
    """
    found = PhotoFiles()
    limit = os.path.realpath(folder) if inside else None
    pending: list[tuple[Path, frozenset[tuple[int, int]]]] = [(folder, frozenset())]
    while pending:
        here, above = pending.pop()
        try:
            status = here.stat()
            entries = sorted(here.iterdir())
        except OSError:
            found.pass_over(here, folder, Reason.LOCKED)
            continue
        identity = (status.st_dev, status.st_ino)
        if identity in above:
            found.pass_over(here, folder, Reason.LINK)
            continue
        folders = []
        for path in entries:
            if reason := _against(path, limit):
                found.pass_over(path, folder, reason)
            elif os.path.isdir(path):
                folders.append(path)
            else:
                found.photos.append(path)
        pending += [(path, above | {identity}) for path in reversed(folders)]
    return found


def photos_in(folder: Path) -> list[Path]:
    """The photos directly in a folder and in those below, as `find_photos` finds them."""
    return find_photos(folder).photos


def subfolders(folder: Path) -> list[Path]:
    """The folders directly in a folder that count, links to folders among them, by name."""
    return sorted(
        path for path in folder.iterdir() if path.is_dir() and not is_system_name(path.name)
    )


def _against(path: Path, limit: str | None) -> Reason | None:
    """Why a file or folder does not count; None if it does. The tests of os.path never raise."""
    if is_system_name(path.name):
        return Reason.SYSTEM
    if not os.path.exists(path):
        return Reason.LINK if os.path.islink(path) else Reason.LOCKED
    if limit and os.path.islink(path) and not Path(os.path.realpath(path)).is_relative_to(limit):
        return Reason.OUTSIDE
    if os.path.isdir(path):
        return None
    if not os.path.isfile(path):
        return Reason.SPECIAL
    if has_photo_suffix(path.name):
        return None
    try:
        with path.open("rb") as file:
            return None if is_photo(file.read(HEAD)) else Reason.NO_PHOTO
    except OSError:
        return Reason.LOCKED


def is_system_name(name: str) -> bool:
    """Whether a file or folder of this name is hidden, or made by an operating system."""
    lower = name.lower()
    return lower.startswith(_SYSTEM_STARTS) or lower in _SYSTEM_NAMES or lower.endswith(_STREAMS)


def has_photo_suffix(name: str) -> bool:
    """Whether the name ends in the suffix of any photo format."""
    return bool(_PHOTO_SUFFIX.search(name))


def is_photo(head: bytes) -> bool:
    """Whether a file that begins with these bytes (32 are enough) is a photo of a known format.

    Formats that cannot be decoded here count, too, so that their owner is told about them.
    """
    return bool(_PHOTO_HEAD.match(head))


def system_part(parts: Sequence[str]) -> int | None:
    """The index of the first part of a path that is a system name; None if there is none."""
    return next((i for i, part in enumerate(parts) if is_system_name(part)), None)


def told(passed_over: Iterable[PassedOver], most: int = 5) -> Iterator[str]:
    """Lines to print: for each reason, how many were passed over and the first few names."""
    entries = sorted(set(passed_over))
    for reason, count in Counter(entry.reason for entry in entries).most_common():
        names = [printable(entry.path) for entry in entries if entry.reason is reason]
        more = f" and {count - most} more" if count > most else ""
        yield f"passed over: {count} ({reason}): {', '.join(names[:most])}{more}"


_SYSTEM_STARTS = (
    ".",  # Unix and macOS: hidden; AppleDouble (._x), .DS_Store, .Trashes, .picasaoriginals
    "~$",  # Microsoft Office: a file that is open
    "$recycle",  # Windows; "$Extend" likewise
    "$extend",
    "$windows.",
    "@eadir",  # Synology
    "@recycle",  # QNAP; "@Recently-Snapshot" likewise
    "@recently",
    "@tmp",
    "#recycle",  # Synology
    "#snapshot",
    "__macosx",  # macOS, in archives
    "synofile_thumb_",
)
_SYSTEM_NAMES = {
    "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "iconcache.db",
    "system volume information", "recycler", "recycled", "found.000",  # Windows
    "icon\r", "network trash folder", "temporary items", "thevolumesettingsfolder",
    "desktop db", "desktop df",  # macOS
    "lost+found", "lost.dir", "thumbdata", "thumbnails.db",  # Linux, Android
    "picasa.ini", "zbthumbnail.info", "pspbrwse.jbf", "albumart.pamp",  # programs
    "__pycache__", "_vti_cnf", "_gsdata_", "sync.ffs_db", "sync.ffs_lock",
}  # fmt: skip
# What Windows and macOS keep beside a file, where another system shows it as one.
_STREAMS = (":zone.identifier", ":encryptable", ":$data", ":afp_afpinfo", ":afp_resource")
_PHOTO_SUFFIX = re.compile(
    r"""\.(?:
    jpe?g | jpe | jfif? | jif | jfi | pjpe?g | pjp | jpe?g[_-](?:large|orig|medium|small|thumb)
    | mpo | png | apng | webp | gif | avifs? | hei[cf]s? | hif | bmp | dib | tiff? | jp2 | j2k
    | jpx | jxl | jxr
    | dng | cr[23w] | nef | nrw | arw | sr[2fw] | orf | rw[2l] | raf | pef | 3fr | fff | iiq | mrw
    | x3f | erf | kdc | dcr | mos | mef | gpr
    )$""",
    re.IGNORECASE | re.VERBOSE,
)
_PHOTO_HEAD = re.compile(
    rb"""\xff\xd8\xff | \x89PNG\r\n\x1a\n | GIF8[79]a | RIFF....WEBP
    | ....ftyp(?:avi[fs]|hei[cfmsx]|hev[cx]|mi[af]1|mif2|msf1|crx[ ])
    | II\*\0 | MM\0\* | II\+\0 | MM\0\+ | IIRO | IIRS | IIU\0 | FUJIFILM | FOVb
    | BM.{4}\0\0\0\0.{4}[\x0c(48@l|]\0\0\0
    | \0\0\0\x0cjP[ ][ ]\r\n\x87\n | \xff\x4f\xff\x51 | \xff\x0a | \0\0\0\x0cJXL[ ]\r\n\x87\n
    """,
    re.DOTALL | re.VERBOSE,
)
