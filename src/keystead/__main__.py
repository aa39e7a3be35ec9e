"""``python -m keystead``: the same as the ``keystead`` command."""

from keystead.hot import run

run()
