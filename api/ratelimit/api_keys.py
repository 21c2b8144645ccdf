"""Checks API keys: known ones lift the rate limit, unknown ones are refused. Stored as hashes."""

import hashlib
import hmac
import re
import secrets
from pathlib import Path

from api.errors import Problem
from api.settings import SettingsError

_LINE = re.compile(r"([\w.@-]{1,64}):([0-9a-f]{64})")


class Keys:
    """The keys of API_KEYS_FILE: lines of `name:SHA-256 of the key in hex`; `#` begins a comment.

    A key is 256 random bits, so that a plain hash protects it as well as a slow one.
    """

    def __init__(self, file: Path | None) -> None:
        self._digests: list[str] = []
        if file is None:
            return
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"API_KEYS_FILE={file}: it cannot be read ({error}).") from error
        for number, line in enumerate(lines, 1):
            text = line.partition("#")[0].strip()
            match = _LINE.fullmatch(text)
            if text and not match:
                raise SettingsError(
                    f"API_KEYS_FILE={file}: line {number} is not name:sha256; "
                    "`python -m api key NAME` makes one."
                )
            if match:
                self._digests.append(match[2])

    def check(self, key: str) -> None:
        """Refuse a key that is not in the file.

        Raises:
            Problem: `unauthorized`.
        """
        given = digest(key.strip())
        # All are compared, each in constant time: how long it takes tells nothing of the keys.
        if not sum(hmac.compare_digest(known, given) for known in self._digests):
            raise Problem("unauthorized", "This API key is not known here.")


def digest(key: str) -> str:
    """What the file stores of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_key(name: str) -> tuple[str, str]:
    """A fresh key, and the line for the file.

    Raises:
        SettingsError: a name with other characters than letters, digits, `.`, `_`, `@` and `-`.
    """
    key = secrets.token_urlsafe(32)
    line = f"{name}:{digest(key)}"
    if not _LINE.fullmatch(line):
        raise SettingsError("A name has 1 to 64 letters, digits, '.', '_', '@' or '-'.")
    return key, line
