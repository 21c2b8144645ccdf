"""Fuzz targets, guided by coverage: `python -m tests.security.fuzz decode|url [libFuzzer options]`.

Without options it goes on until something breaks or Ctrl-C; `-runs=5000` or `-max_total_time=600`
end it. What is found is written to a file `crash-…` that the same command takes as an argument;
a folder as an argument is where inputs worth keeping are kept, in place of .cache/fuzz.
"""

import multiprocessing
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["common", "PIL", "idna"]):
    from common import images
    from common.errors import ImageError, UrlInvalid
    from common.fetch.urls import parse_url

from support.hostile_network.urls import INSIDE, MALFORMED, MUST_WORK
from support.hostile_pictures import HOSTILE, picture

ROOT = Path(__file__).resolve().parent.parent.parent


def decode(data: bytes) -> None:
    """Any bytes are a picture or one of the three errors."""
    try:
        pixels = images.decode(data, (32, 32))
    except ImageError:
        return
    assert pixels.shape == (32, 32, 3)


def url(data: bytes) -> None:
    """Any text is canonical or refused."""
    try:
        found = parse_url(data.decode(errors="surrogateescape"))
    except UrlInvalid:
        return
    assert parse_url(str(found)) == found


def pictures() -> list[bytes]:
    small = [make() for name, (make, _) in HOSTILE.items() if "MB" not in name]
    ordinary = [picture(kind, 16, 12) for kind in ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "MPO")]
    return ordinary + [data for data in small if len(data) < 2_000]


def texts() -> list[bytes]:
    return [text.encode(errors="surrogateescape") for text in INSIDE | MALFORMED | MUST_WORK]


TARGETS: dict[str, tuple[Callable[[bytes], None], Callable[[], list[bytes]]]] = {
    "decode": (decode, pictures),
    "url": (url, texts),
}


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(__doc__)
    name = sys.argv.pop(1)
    target, seeds = TARGETS[name]
    given = [option for option in sys.argv[1:] if not option.startswith("-")]
    corpus = Path(given[0]) if given else ROOT / ".cache" / "fuzz" / name
    if not corpus.is_file():  # a file is something found before, to be tried again
        corpus.mkdir(parents=True, exist_ok=True)
        # Elsewhere: to draw a few of them takes more memory than libFuzzer may see in here.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            for i, seed in enumerate(process.submit(seeds).result()):
                (corpus / f"seed-{i}").write_bytes(seed)
    atheris.Setup([*sys.argv, *([] if given else [str(corpus)])], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
