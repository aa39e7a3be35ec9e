"""``python -m keystead``: the same as the ``keystead`` command."""

import sys

from keystead.cli.main import main

sys.exit(main())
