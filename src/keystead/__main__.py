"""``python -m keystead``: the same as the ``keystead`` command."""

from keystead.cli.run import leave, run

leave(run())
