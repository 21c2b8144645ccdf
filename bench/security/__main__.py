"""What hostile links and files cost: `python -m bench.security [network] [decode] [memory] [load]`.

Prints the figures that docs/security.md quotes; takes about three minutes. `network` needs root
and Linux namespaces, `memory` and `load` need /proc.
"""

import sys

from bench.security.decode import decode
from bench.security.load import load
from bench.security.memory import memory
from bench.security.network import network

PARTS = {part.__name__: part for part in (network, decode, memory, load)}


def main() -> None:
    asked = sys.argv[1:] or list(PARTS)
    if not set(asked) <= set(PARTS):
        sys.exit(__doc__)
    for name in asked:
        PARTS[name]()


if __name__ == "__main__":
    main()
