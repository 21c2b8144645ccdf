"""Find photos with a wrong label: ranked, and looked through by keyboard.

    python -m train review models/fruit DATA              opens a page on 127.0.0.1
    python -m train review models/fruit DATA --list 40    the most suspicious, without a page
    python -m train review models/fruit DATA --page review.html   a page to open from disk
    python -m train review models/fruit DATA --apply      carry the decisions out

Photos of training and validation are ranked by the loss of a model that has not seen them, on the
pooled features of MODEL (a recipe's, with its model.keras); before them come near-duplicates with
different labels, and photos that look like nothing to MODEL. k keeps, 1, 2 … relabel, s sets aside,
d deletes, u takes the last decision back. Every decision is a line of DATA/review.jsonl at once;
the photos stay where they are until --apply. A page that was opened from disk saves its decisions
as a file, by e; --apply --decisions FILE carries that out.
"""

import argparse
import sys
from pathlib import Path

from common.errors import DataError
from common.file_names import printable
from train import arguments
from train.learning.settings import CACHE
from train.review.decisions import Decisions, apply
from train.review.page import write_page
from train.review.server import server

DECISIONS = "review.jsonl"
FIRST = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", type=Path, help="a model folder whose features are used, for example models/fruit")
    where = arguments.data_path()
    add("data", type=Path, nargs="?", default=where, metavar="DATA", help="(default: $DATA_PATH)")
    add("--list", type=arguments.positive, metavar="N", help="print the first N, and end")
    add("--apply", action="store_true", help="carry the decisions out, and end")
    add("--page", type=arguments.html_file, metavar="FILE", help="write the page to FILE, and end")
    add(
        "--first", type=arguments.positive, default=FIRST, metavar="N",
        help=f"photos in that file (default: {FIRST})",
    )  # fmt: skip
    add(
        "--decisions", type=Path, metavar="FILE",
        help="where decisions are (default: DATA/review.jsonl)",
    )  # fmt: skip
    add("--port", type=arguments.port, default=0, help="of the page (default: a free one)")
    add("--cache", type=Path, default=CACHE, metavar="DIR", help="of the features")


def run(args: argparse.Namespace) -> int:
    if args.data is None:
        raise DataError("Which folder? Name one, or set DATA_PATH.")
    if not args.data.is_dir():
        raise DataError(f"There is no folder {printable(args.data)}.")
    if args.decisions and args.apply and not args.decisions.is_file():
        raise DataError(f"There is no file {printable(args.decisions)}.")
    decisions = Decisions(args.decisions or args.data / DECISIONS)
    if args.apply:
        done = apply(args.data, decisions)
        print("\n".join([*map(printable, done), f"{len(done)} photos moved or deleted."]))
        return 0
    from train.review.search import find

    suspects, classes = find(args.model, args.data, args.cache)
    if args.list:
        for one in suspects[: args.list]:
            twin = f"  = {printable(one.twin)}" if one.twin else ""
            like = "nothing" if one.like_nothing else one.looks_like
            print(f"{one.loss:7.3f}  {printable(one.photo)}  looks like {like}{twin}")
        return 0
    if args.page:
        write_page(args.page, args.data, suspects[: args.first], classes, decisions)
        print(
            f"{printable(args.page)} is written: open it, press e at the end, and carry out what it"
            " saves by --apply --decisions FILE.",
            file=sys.stderr,
        )
        return 0
    with server(args.data, suspects, classes, decisions, args.port) as page:
        print(f"http://127.0.0.1:{page.server_port}/ (Ctrl-C ends)", file=sys.stderr, flush=True)
        try:
            page.serve_forever()
        except KeyboardInterrupt:
            print(f"{len(decisions.current())} decisions are in {decisions.file}", file=sys.stderr)
    return 0
