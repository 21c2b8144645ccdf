"""python -m api: makes API keys, and asks the running service for a reload."""

import argparse
import sys

from api.model_store import reload
from api.model_store.state_dir import StateDir
from api.ratelimit.api_keys import new_key
from api.settings import Settings
from common.errors import DogorcatError

EXAMPLES = """\
examples:
  python -m api key NAME >> keys     a new API key; the key itself is shown once, on stderr
  python -m api reload               serve what is in MODEL_DIR now, without losing a request
  RUNTIME_DIR=/run/dogorcat/files python -m api reload     of a service that was set up so
"""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m api",
        description=__doc__.partition(": ")[2],
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    key = commands.add_parser("key", help="make an API key and the line for API_KEYS_FILE")
    key.add_argument("name", metavar="NAME", help="whose key it is")
    commands.add_parser(
        "reload",
        help="load, verify and serve what is in MODEL_DIR now",
        description="The running service copies MODEL_DIR, verifies the copy and serves it; if "
        "anything is wrong, the models from before stay, and the reason is printed. Which service "
        "is meant: HOST and PORT, or RUNTIME_DIR, as it was started with.",
    )
    args = parser.parse_args()
    try:
        if args.command == "reload":
            print(reload.request(StateDir(Settings.load().runtime_folder)))
            return 0
        secret, line = new_key(args.name)
    except DogorcatError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if args.command == "key" else 1
    print(f"The key, which is kept nowhere: {secret}", file=sys.stderr)
    print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
