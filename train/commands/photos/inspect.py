"""Look at the data before training on it: counts, sizes, formats, damage, duplicates.

python -m train inspect DATA
python -m train inspect DATA --sheet sheet.jpg      a contact sheet to look at
python -m train inspect my_photos --json            any folder of class folders will do
"""

import argparse
import json
from pathlib import Path

from common.errors import DataError
from train import arguments
from train.photos.inspection import contact_sheets, findings, look, text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "data",
        type=Path,
        nargs="?",
        default=arguments.data_path(),
        metavar="DATA",
        help="folder with train/ and validation/, or of class folders (default: $DATA_PATH)",
    )
    parser.add_argument(
        "--sheet",
        type=arguments.image_file,
        metavar="FILE",
        help="write a contact sheet: .jpg, .png",
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(args: argparse.Namespace) -> int:
    if args.data is None:
        raise DataError("Which folder? Name one, or set DATA_PATH.")
    looks, passed_over = look(args.data)
    found = findings(looks, passed_over)
    print(json.dumps(found, indent=2) if args.json else text(found))
    if not any(one.picture for one in looks):
        raise DataError(f"None of the {len(looks)} files of {args.data} can be read as a photo.")
    if args.sheet:
        for number, sheet in enumerate(contact_sheets(looks), 1):
            file = args.sheet.with_stem(f"{args.sheet.stem}-{number}") if number > 1 else args.sheet
            sheet.save(file, quality=85)
            print(f"contact sheet: {file}")
    return 0
