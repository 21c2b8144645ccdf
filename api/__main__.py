"""python -m api: small tools for whoever runs the service.

python -m api key NAME >> keys      a new API key; the key itself is shown once, on stderr
"""

import argparse
import sys

from api.keys import new_key
from api.settings import SettingsError


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m api",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    key = commands.add_parser("key", help="make an API key and the line for API_KEYS_FILE")
    key.add_argument("name", metavar="NAME", help="whose key it is")
    args = parser.parse_args()
    try:
        secret, line = new_key(args.name)
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"The key, which is kept nowhere: {secret}", file=sys.stderr)
    print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
