"""What may come of a picture that is decoded."""

from collections.abc import Callable

OK = "ok"
UNREADABLE = "ImageUnreadable"
TOO_LARGE = "ImageTooLarge"
UNSUPPORTED = "ImageTypeUnsupported"

Pictures = dict[str, tuple[Callable[[], bytes], set[str]]]
"""Name -> the function that makes the file, and what may come of it."""
