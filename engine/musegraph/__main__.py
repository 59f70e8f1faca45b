"""``python -m musegraph``: the command line."""

import sys

from musegraph.cli import main

if __name__ == "__main__":
    sys.exit(main())
