"""Turns file names, which may be any bytes, into text for terminals, tables and JSON."""

import re
import sys
import unicodedata

_SURROGATE = re.compile("[\ud800-\udfff]")


def portable(name: object) -> str:
    r"""A file name as valid Unicode, for a table or JSON; other characters are left alone.

    Args:
        name: a name or path as Python gives it, where a byte that is not UTF-8 is a surrogate.

    Returns:
        the name; a byte that is not UTF-8 is written as `\xfc`, a lone surrogate as `\ud83d`.
    """
    return _SURROGATE.sub(_escape, str(name))


def printable(name: object) -> str:
    r"""A file name for one line of a terminal: `portable`, without what moves the cursor.

    Control characters, line ends and characters that turn the direction of text are escaped, too.
    """
    return "".join(
        _escaped(character) if unicodedata.category(character)[0] == "C" else character
        for character in portable(name).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    )


def any_terminal() -> None:
    """Let standard output and error escape what their encoding lacks, in place of an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def _escaped(character: str) -> str:
    # Joiners shape the characters of some scripts and emoji, and do not move the cursor.
    return character if character in "\u200c\u200d" else ascii(character)[1:-1]
